"""Requests of staff about people, exports and the activity log that `derived_cases` does not make, and of partners."""

from tests.openapi.cases import STAFF, Case, get, staff
from tests.openapi.stored import EXPORT_STATES
from tests.partners import partner_requests

EXPORTS_OF, AN_EXPORT = "/api/staff/petitions/{slug}/exports", "/api/staff/exports/{export_id}"
STAFF_REQUESTS = [
    *(
        get(status, "/api/staff/audit", f"/api/staff/audit{rest}", **STAFF)
        for rest, status in {"?limit=1&actor=bob": 200, "?limit=0": 422, "?to=soon": 422}.items()
    ),
    *(
        staff("POST", 422, f"/api/staff/people/{verb}", body=b'{"email": "alice"}')  # Not an address.
        for verb in ("find", "erase")
    ),
    *(
        staff("POST", status, EXPORTS_OF, f"/api/staff/petitions/{slug}/exports", body)
        for status, slug, body in (
            (202, "a-draft", b"{}"),
            (409, "closed", b"{}"),
            (422, "closed", b'{"columns": ["email"]}'),
        )
    ),
    *(get(200, AN_EXPORT, f"/api/staff/exports/closed.{state}", **STAFF) for state in EXPORT_STATES),
    *(
        get(status, f"{AN_EXPORT}/{what}", f"/api/staff/exports/closed.{state}/{what}", **STAFF)
        for what in ("file", "cover")
        for state, status in {"waiting": 409, "failed": 409, "expired": 410}.items()
    ),
    *partner_requests.of_partners(Case),
    *partner_requests.of_osdi(Case),
    *partner_requests.of_imports(staff),
]
