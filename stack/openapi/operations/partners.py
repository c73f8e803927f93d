"""Operations about partners, which send signatures from their own sites: for staff, and for the partners' servers.

Partners send signatures in our JSON, or in the JSON of OSDI, a standard for campaign software.
"""

from chalicelib.partners.answers import PartnerToken, ReceivedSignatures, ShownPartner, ShownPartners
from chalicelib.partners.form import MAX_BODY_KB, MAX_SIGNATURES
from chalicelib.partners.osdi.documents import entry_point
from chalicelib.partners.staff_api import NewPartner, PartnerTokenRequest
from stack.openapi.operation import HAL, Answer, Body, Operation, Operations, Query
from stack.openapi.partners import OsdiSignature, SentSignatures

NEW_PARTNER = {
    "source": "partner-oak",
    "name": "Oak Alliance",
    "counts": "at-once",
    "wording": "I sign this petition, and Oak Alliance may pass my signature on to the charity.",
    "version": "2026-03",
}
PARTNER = {**NEW_PARTNER, "created_at": "2026-11-01T09:00:00Z"}
SIGNATURE = {
    "identifier": "oak:41",
    "name": "Zoë O'Neill",
    "email": "zoe@example.org",
    "postcode": "SW1A 1AA",
    "consent": {"wording": NEW_PARTNER["wording"], "version": "2026-03", "obtained_at": "2026-11-24T18:30:05Z"},
}

BASE = "https://petitions.example/api/osdi"
OSDI_WORDS = "[OSDI](https://opensupporter.github.io/osdi-docs/) 1.2.0. Follow the links; do not build URLs."
RECORD_REQUEST = {
    "identifiers": ["oak:41"],
    "action_date": "2026-11-24T18:30:05Z",
    "person": {
        "given_name": "Zoë",
        "family_name": "O'Neill",
        "email_addresses": [{"primary": True, "address": "zoe@example.org"}],
        "postal_addresses": [{"postal_code": "SW1A 1AA", "country": "GB"}],
    },
}

OPERATIONS: Operations = {
    "list_partners": Operation(
        "All partners", Answer("All partners, sorted by source.", ShownPartners, {"partners": [PARTNER]})
    ),
    "add_partner": Operation(
        "Create a partner",
        Answer("The partner.", ShownPartner, PARTNER, status=201),
        "Creating the same partner again changes nothing.",
        body=Body(NewPartner, NEW_PARTNER),
    ),
    "issue_token_of_partner": Operation(
        "Issue a token for a partner",
        Answer("The token. It is shown only once.", PartnerToken, status=201),
        "The token can send signatures of this partner and read public petitions (OSDI). Revoke it like a staff token.",
        body=Body(PartnerTokenRequest, {"days": 365}),
    ),
    "take_signatures": Operation(
        "Send signatures from a partner",
        Answer(
            "The result of each signature, in order.",
            ReceivedSignatures,
            {"results": [{"identifier": "oak:41", "result": "accepted", "errors": []}]},
        ),
        f"One signature, or up to {MAX_SIGNATURES} in a body of {MAX_BODY_KB} KB at most. Needs a partner's token. "
        "Idempotent: send it again after 429, 503 or no answer. `accepted`: new. `existing`: the person has signed "
        "already, through you, through others or here, and counts once. `invalid`: nothing was stored, see `errors`. "
        "The result is `invalid` too if you sent the identifier before with another email address. `suppressed`: "
        "nothing was stored, because the person withdrew, was erased or cannot be reached by email.",
        body=Body(SentSignatures, examples={"One signature": SIGNATURE, "A batch": {"signatures": [SIGNATURE]}}),
        problems={409: "NotOpen", 410: "Removed", 413: "TooLargeBatch"},
    ),
    "read_entry_point": Operation(
        "OSDI: the entry point", Answer("The URL of the petitions.", dict, entry_point(BASE), json_type=HAL), OSDI_WORDS
    ),
    "list_osdi_petitions": Operation(
        "OSDI: the open petitions",
        Answer("A page of petitions. Follow `next`.", dict, json_type=HAL),
        query=[Query("page", "The number of the page.", {"type": "integer", "minimum": 1, "default": 1})],
    ),
    "read_osdi_petition": Operation(
        "OSDI: a petition", Answer("The petition, with the URL for its signatures.", dict, json_type=HAL)
    ),
    "record_signature": Operation(
        "OSDI: record a signature",
        Answer("The signature, new or existing.", dict, json_type=HAL),
        "The petition's link `osdi:record_signature_helper` leads here. Idempotent by `identifiers`, or else by email "
        "address. OSDI has no field for consent, so `custom_fields` of the person may have `consent_wording`, "
        "`consent_version`, `consent_obtained_at`, `consent_updates` and `consent_email`. Without them, the consent is "
        "to the partner's usual wording, at `action_date`. A subscription `status` is not a consent and is ignored.",
        body=Body(OsdiSignature, RECORD_REQUEST),
        problems={409: "OsdiError"},
    ),
}
