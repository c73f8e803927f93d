"""Public operations with JSON: petitions, signatures, counts and statements (signed counts)."""

from chalicelib.petitions.answers import FullPetition, PublicCount, PublicPetitions
from chalicelib.progress.answers import Progress
from chalicelib.signatures.answers import Accepted
from chalicelib.signatures.form import SignatureForm
from chalicelib.statements.answers import FrozenStatement
from chalicelib.totals.answers import PublicTotal
from stack.openapi.operation import Answer, Body, Operation, Operations

SLUG = "protect-trafficked-children"
STATEMENT = {
    "url": "https://petitions.example/statements/eyJzbHVnIjoi.c2lnbmF0dXJl",
    "statement": {
        "slug": SLUG,
        "title": "Protect trafficked children",
        "charity": "Harbour for Children",
        "text_version": "0a1b2c3d4e5f",
        "confirmed": 12345,
        "as_of": "2026-11-24T18:30:05Z",
        "total": None,
    },
}
NEW_STATEMENT = {**STATEMENT, "short_url": "https://petitions.example/s/k7mp2x"}

SHORT_PETITION = {
    "slug": SLUG,
    "title": "Protect trafficked children",
    "languages": ["en", "cy"],
    "text_version": "0f3a9c51d27e",
    "target": "the Home Secretary",
    "state": "open",
    "goal": 20000,
    "opened_at": "2026-10-01T08:00:00Z",
    "closes_at": None,
    "count": 12345,
}

WORDING = "I sign this petition. My name and postcode may be given to the Home Secretary."
FULL_PETITION = {
    **SHORT_PETITION,
    "summary": "Children who were trafficked need people who keep them safe.",
    "text": "We ask for specialist support.\n\nWe ask for it now.",
    "charity": "Harbour for Children",
    "url": f"https://petitions.example/petitions/{SLUG}",
    "handed_in_at": None,
    "responded_at": None,
    "response": None,
    "consents": [
        {"name": "sign", "wording": WORDING, "version": "5b1de0f2a7c3"},
        {"name": "updates", "wording": "Email me updates about this petition.", "version": "5b1de0f2a7c3"},
    ],
    "privacy": {
        "controller": "Harbour for Children",
        "contact": "privacy@harbour.example",
        "policy_url": None,
        "notice_url": f"https://petitions.example/petitions/{SLUG}#privacy",
        "notice_html": '<section class="privacy" id="privacy">...</section>',
    },
}

OPERATIONS: Operations = {
    "list_petitions": Operation(
        "All open petitions",
        Answer("The open petitions, newest first.", PublicPetitions, {"petitions": [SHORT_PETITION]}),
    ),
    "read_petition": Operation("A petition", Answer("The petition.", FullPetition, FULL_PETITION)),
    "read_progress": Operation(
        "The progress of a petition",
        Answer(
            "The progress.",
            Progress,
            {
                "today": 345,
                "last_24_hours": 1234,
                "areas": [{"area": "SW", "at_least": 120}, {"area": "M", "at_least": 90}],
                "as_of": "2026-11-24T18:30:05Z",
            },
        ),
    ),
    "sign_by_json": Operation(
        "Sign",
        Answer(
            "Accepted. The person gets an email to confirm, unless the address is blocked. The answer does not reveal "
            "whether it is.",
            Accepted,
            {"status": "check-your-inbox"},
            status=202,
        ),
        "Idempotent: a person has one signature, however often it is sent and however the email address is written. "
        "Retry on 429, 503, timeouts and broken connections, after `Retry-After` and with increasing, jittered delays. "
        "The answer is the same for new, repeated and blocked signatures. The signature counts once the person "
        "confirms it from their email.",
        body=Body(
            SignatureForm,
            examples={
                "Only the required fields": {
                    "name": "Zoë O'Neill",
                    "email": "zoe@example.org",
                    "consent": {"sign": True},
                },
                "All fields": {
                    "name": "Zoë O'Neill",
                    "email": "zoe@example.org",
                    "country": "GB",
                    "postcode": "SW1A 1AA",
                    "consent": {"sign": True, "updates": False},
                    "source": "bbc-news",
                },
                "Another script, another country and an international domain": {
                    "name": "अनीता",
                    "email": "anita@bücher.example",
                    "country": "in",
                    "postcode": None,
                    "consent": {"sign": True, "updates": True},
                    "source": None,
                },
            },
        ),
        problems={409: "NotOpen"},
    ),
    "read_count": Operation(
        "The number of signatures",
        Answer(
            "The count.",
            PublicCount,
            {"slug": SLUG, "count": 12345, "goal": 20000, "as_of": "2026-11-24T18:30:05Z"},
            not_modified_text="The count has not changed.",
        ),
        "The number of confirmed signatures. It may be a few seconds old. Ask no more often than `max-age` says.",
    ),
    "read_total": Operation(
        "The total across platforms",
        Answer(
            "The total.",
            PublicTotal,
            {
                "confirmed": 112034,
                "elsewhere": [
                    {
                        "source": "freedom-united",
                        "kind": "partner",
                        "count": 8501,
                        "as_of": "2026-11-20T12:00:00Z",
                        "evidence": "Counter on the partner's page, screenshot of 20 November",
                    }
                ],
                "at_least": 112034,
                "at_most": 120535,
                "as_of": "2026-11-24T18:30:05Z",
                "sentence": "Exactly 112,034 people confirmed here; 8,501 elsewhere; together at least 112,034 and "
                "at most 120,535 people.",
            },
        ),
        "How many people signed, here and elsewhere. `confirmed` counts this site only, as `count` does. A person may "
        "have signed in several places, so the total has bounds.",
    ),
    "check_statement": Operation(
        "Check a statement",
        Answer("The statement is genuine.", FrozenStatement, STATEMENT),
        "200 if this site signed exactly this statement, otherwise 404.",
    ),
}
