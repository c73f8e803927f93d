"""Requests of staff about people, tokens and exports, and the requests of other suites."""

from tests.fake_site import JSON
from tests.letters import letter_requests
from tests.openapi.cases import STAFF, Case, get, staff
from tests.openapi.stored import EXPORT_STATES
from tests.partners import partner_requests

EXPORTS_OF, AN_EXPORT = "/api/staff/petitions/{slug}/exports", "/api/staff/exports/{export_id}"
PERSON = "/api/staff/people/{slug}/{signature_id}"
STAFF_REQUESTS = [
    get(200, "/api/staff/me", **STAFF),
    *(
        get(status, "/api/staff/audit", f"/api/staff/audit{rest}", **STAFF)
        for rest, status in {
            "": 200,
            "?limit=1&actor=bob": 200,
            "?limit=0": 422,
            "?to=soon": 422,
        }.items()
    ),
    get(200, "/api/staff/tokens", **STAFF),
    *(
        staff("POST", status, "/api/staff/tokens", body=body)
        for body, status in {
            b'{"owner": "carla", "rights": ["counts"]}': 201,
            b"{": 400,
            b"a" * 16_385: 413,
            b'{"owner": "", "rights": []}': 422,
        }.items()
    ),
    staff("POST", 415, "/api/staff/tokens", body=b"{}", kind="text/plain"),
    staff("DELETE", 200, "/api/staff/tokens/{token_id}", "/api/staff/tokens/<bobs-id>"),
    staff("DELETE", 404, "/api/staff/tokens/{token_id}", "/api/staff/tokens/nobody"),
    *(
        staff("POST", status, "/api/staff/people/find", body=body)
        for body, status in {
            b'{"email": "alice.achterberg@mail.example"}': 200,
            b"{": 400,
            b"b" * 16_385: 413,
            b'{"email": "alice"}': 422,
        }.items()
    ),
    *(
        staff("POST", status, "/api/staff/people/erase", body=body)
        for body, status in {
            b'{"email": "charlie.coster@mail.example"}': 200,
            b"{": 400,
            b"b" * 16_385: 413,
            b'{"email": "alice"}': 422,
        }.items()
    ),
    staff("POST", 415, "/api/staff/people/erase", body=b"{}", kind="text/plain"),
    staff("POST", 415, "/api/staff/people/find", body=b"{}", kind="text/plain"),
    *(
        get(status, PERSON, f"/api/staff/people/safe-children/{identity}", **STAFF)
        for identity, status in {"<alices-id>": 200, "0" * 32: 404}.items()
    ),
    *(
        staff("POST", status, f"{PERSON}/allow-mail", f"/api/staff/people/safe-children/{rest}/allow-mail", body, kind)
        for status, rest, body, kind in (
            (200, "<alices-id>", b'{"reason": "Asked."}', JSON),
            (400, "<alices-id>", b"{", JSON),
            (404, "0" * 32, b'{"reason": "Asked."}', JSON),
            (413, "<alices-id>", b"a" * 16_385, JSON),
            (415, "<alices-id>", b"{}", "text/plain"),
            (422, "<alices-id>", b"{}", JSON),
        )
    ),
    *(
        staff("POST", status, f"{PERSON}/{verb}", f"/api/staff/people/safe-children/{identity}/{verb}")
        for identity, status in {"<alices-id>": 200, "0" * 32: 404}.items()
        for verb in ("resend", "withdraw", "erase", "access")
    ),
    *(
        staff("POST", status, EXPORTS_OF, f"/api/staff/petitions/{slug}/exports", body)
        for status, slug, body in (
            *((202, "safe-children", b'{"columns": ["name"]}'), (202, "a-draft", b"{}"), (404, "nobody", b"{}")),
            *((409, "closed", b"{}"), (400, "closed", b"{"), (413, "closed", b"a" * 16_385)),
            (422, "closed", b'{"columns": ["email"]}'),
        )
    ),
    staff("POST", 415, EXPORTS_OF, "/api/staff/petitions/closed/exports", b"{}", "text/plain"),
    get(200, EXPORTS_OF, "/api/staff/petitions/closed/exports", **STAFF),
    get(404, EXPORTS_OF, "/api/staff/petitions/nobody/exports", **STAFF),
    *(get(200, AN_EXPORT, f"/api/staff/exports/closed.{state}", **STAFF) for state in EXPORT_STATES),
    get(404, AN_EXPORT, "/api/staff/exports/closed.nobody", **STAFF),
    staff("DELETE", 200, AN_EXPORT, "/api/staff/exports/closed.done"),
    staff("DELETE", 404, AN_EXPORT, "/api/staff/exports/closed.nobody"),
    *(
        get(status, f"{AN_EXPORT}/{what}", f"/api/staff/exports/closed.{state}/{what}", **STAFF)
        for what in ("file", "cover")
        for state, status in {"done": 200, "nobody": 404, "waiting": 409, "failed": 409, "expired": 410}.items()
    ),
    *partner_requests.of_staff(staff, get, STAFF),
    *partner_requests.of_partners(Case),
    *partner_requests.of_osdi(Case),
    *partner_requests.of_imports(staff, get, STAFF),
    *letter_requests.of_staff(staff),
]
