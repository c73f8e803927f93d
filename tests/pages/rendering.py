"""Values for each template, and pages rendered with them."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest

from chalicelib.pages.render import render
from chalicelib.petitions.model import PublicRemoval, ShareWay
from tests.pages.parsed import Page

PAGES = Path(__file__).parents[2] / "chalicelib" / "pages"
SITE = "https://petitions.example"
EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7*7 }}"
ZOES_FORM = {"name": "Zoë", "country": "IE", "postcode": "", "updates": ""}
STAFF_TEMPLATES = ("staff.html", "sign_in.html")
# They show nothing that a user or a caller supplied.
WITHOUT_TEXTS = (*STAFF_TEMPLATES, "my_signatures_move.html")
FORM_FIELDS = ("name", "email", "country", "postcode", "consent.sign", "consent.updates")
LETTER_FIELDS = [f"letter.{name}" for name in ("send", "reply", "opening", "subject", "body")]
A_LETTER = SimpleNamespace(
    subject="Please help",
    body="One.\n\nTwo.",
    openings=["I write to you.", "I work with children."],
    send_wording="Send this letter",
    reply_wording="Show my address",
    targets=[SimpleNamespace(name="Home Secretary")],
    is_to_members=True,
    may_edit=True,
)

A_REMOVAL = PublicRemoval(
    id="1", count=0, on="2026-05-03", reason="<one network>", put_back=1_204, put_back_on="2026-05-05"
)


def a_petition(**changes: object) -> SimpleNamespace:
    values: dict[str, object] = {
        "slug": "protect-trafficked-children",
        "title": "Guarantee specialist support for every trafficked child",
        "summary": "Children who were trafficked need people who know how to keep them safe.",
        "text": "First paragraph.\n\nSecond paragraph.",
        "target": "the Home Secretary",
        "charity": "Harbour for Children",
        "goal": 20_000,
        "time_zone": "Europe/London",
        "opened_at": datetime(2026, 9, 1, 8, tzinfo=UTC),
        "closes_at": datetime(2026, 11, 24, 22, tzinfo=UTC),
        "sign_wording": "I sign, and my name may be handed over.",
        "updates_wording": "Send me updates.",
        "privacy_contact": "privacy@harbour.example",
        "version": "0123456789ab.ba9876543210",
        "privacy_url": "https://harbour.example/privacy",
        "retention_months": None,
        "languages": ["en"],
        "handed_in_at": datetime(2026, 11, 30, 9, tzinfo=UTC),
        "responded_at": datetime(2026, 12, 20, 9, tzinfo=UTC),
        "response": "We will act.\n\nSoon.",
        "letter": A_LETTER,
        "elsewhere": 0,
        "removals": [A_REMOVAL],
        "milestones": [1_000, 10_000, 20_000],
        "goal_at": lambda _count: 20_000,
        "share_text": None,
        "picture": None,
        "share_ways": list(ShareWay),
        "next_step": SimpleNamespace(
            heading="Give", sentence="Each gift helps.", button="Give now", address=lambda _slug: "https://give.example"
        ),
    }
    return SimpleNamespace(**values | changes)


def context_of(template: str, petition: SimpleNamespace, word: str = "x", base: str = "") -> dict[str, object]:
    """Return the values that a template needs. `word` stands for every text that users or callers supply."""
    form = dict.fromkeys((*FORM_FIELDS, "source", "updates", *LETTER_FIELDS), word)
    errors = [{"field": field, "message": word} for field in (*FORM_FIELDS, "updates", "source", *LETTER_FIELDS)]
    listed = SimpleNamespace(slug=petition.slug, title=petition.title, summary=petition.summary, count=1)
    contexts: dict[str, dict[str, object]] = {
        "petitions.html": {"petitions": [listed]},
        "petition.html": {
            "petition": petition,
            "state": "open",
            "count": 12_345,
            "goal": petition.goal,
            "preview": None,
            "as_of": datetime(2026, 10, 2, 14, 5, tzinfo=UTC),
            "form": form,
            "errors": errors,
            "countries": [("GB", "United Kingdom"), ("IE", "Ireland"), (word, word)],
            "busy": False,
            "may_need_proof": False,
            "recent": SimpleNamespace(today=12, last_day=34, areas={"SW": 120, "M": 90}),
            "is_recent_old": False,
            "updates": None,
            "changes": None,
            "total": None,
        },
        "screen.html": {"petition": petition, "state": "open", "count": 12_345, "goal": petition.goal},
        "thanks.html": {"petition": petition},
        "confirm.html": {
            "petition": petition,
            "token": word,
            "withdraw_token": word,
            "counts_already": False,
            "form": form,
            "email": word,
            "letter": SimpleNamespace(
                text=A_LETTER,
                language="en",
                version="0123456789ab",
                rendered_letter=SimpleNamespace(sender=word, subject=word, paragraphs=[word, word], campaign=word),
                to=[word, word],
                member_constituency=word,
                has_no_member=True,
            ),
            "countries": [("GB", "United Kingdom"), (word, word)],
            "errors": errors,
        },
        "confirmed.html": {"petition": petition, "count": 12_346},
        "withdraw.html": {"petition": petition, "token": word},
        "withdrawn.html": {"petition": petition},
        "unsubscribe.html": {"petition": petition, "token": word},
        "unsubscribed.html": {"petition": petition},
        "stop.html": {"petition": petition, "token": word},
        "stopped.html": {"petition": petition, "token": word},
        "resumed.html": {"petition": petition},
        "my_signatures_ask.html": {"form": form, "errors": errors, "is_sent": False, "is_expired": False},
        "my_signatures_move.html": {"token": word, "is_done": False},
        "my_signatures.html": {
            "email": word,
            "signatures": [_a_shown_signature(petition, word, slug=slug) for slug in ("x", "y")],
            "token": word,
            "may_move": True,
            "may_stop_all": True,
            "moving": SimpleNamespace(to=word),
            "done": "",
            "errors": [{"field": field, "message": word} for field in ("x-name", "y-postcode", "email", "do")],
            "typed": {"petition": "x", "name": word, "postcode": word, "email": word},
        },
        "staff.html": {
            "files": f"{base}/assets/staff/0a1b2c3d",
            "modules": ["api.js", "app.js"],
            "site_languages": {"cy": word},
        },
        "sign_in.html": {"invited": True},
        "statement.html": {
            "petition": None,
            "statement": SimpleNamespace(
                slug=petition.slug,
                title=petition.title,
                charity=petition.charity,
                text_version="0123456789ab",
                confirmed=12_345,
                as_of=datetime(2026, 11, 24, 18, 30, 5, tzinfo=UTC),
                letters=word,
                by_partners=4,
                removed=["12 signatures were removed on 3 May 2026: <one network>"],
                total=word,
                at_least=None,
            ),
            "url": f"{SITE}/statements/eyJzbHVnIjoi.c2lnbmF0dXJl",
        },
        "problem.html": {
            "petition": petition,
            "form_path": "/petitions/x#sign",
            "heading": word,
            "message": word,
            "status": 410,
        },
    }
    contexts["send_letter.html"] = {**contexts["confirm.html"], "countries": []}
    contexts["embed.html"] = {**contexts["petition.html"], "embedded": True}
    contexts["counter.html"] = {**contexts["petition.html"], "embedded": True, "source": word}
    return contexts[template]


def _a_shown_signature(petition: SimpleNamespace, word: str, slug: str) -> dict[str, object]:
    return {
        "slug": slug,
        "title": petition.title,
        "charity": petition.charity,
        "zone": "Europe/London",
        "signed_at": petition.opened_at,
        "is_pending": slug == "y",
        "is_stopped": slug == "y",
        "updates": slug == "x",
        "name": word,
        "country": word,
        "postcode": word,
        "has_letter": True,
        "token": word,
    }


def page_of(
    template: str,
    given: dict[str, object] | None = None,
    *,
    base: str = "",
    word: str = "x",
    petition: SimpleNamespace | None = None,
    **changes: object,
) -> Page:
    petition = petition or a_petition()
    context = context_of(template, petition, word, base)
    if given:
        context |= given
    context |= changes
    return Page(render(template, base=base, site_url=SITE, **context))


@cache
def page_with_all_texts(template: str, base: str = "") -> Page:
    """Return the page with a text in every field, rendered once for all tests."""
    return page_of(template, base=base)


def a_petition_page(*, base: str = "", petition: SimpleNamespace | None = None, **changes: object) -> Page:
    """Return a petition's page with an empty form."""
    return page_of("petition.html", {"form": {}, "errors": []} | changes, base=base, petition=petition)


TEMPLATES = sorted(path.name for path in (PAGES / "templates").glob("[!_]*.html") if path.name != "base.html")

every_template = pytest.mark.parametrize("template", TEMPLATES)

pages_with_forms = pytest.mark.parametrize("template", ["petition.html", "confirm.html"])
