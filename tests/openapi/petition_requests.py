"""Requests of staff about petitions that `derived_cases` does not make: queries, states, and petitions in bodies."""

import json
from dataclasses import replace

from chalicelib.petitions.form import EDITABLE, MAX_PETITION_KB
from tests.actors import a_petition
from tests.exports.subscribers import list_requests
from tests.fake_site import JSON
from tests.openapi.cases import STAFF, change_cases, get, refused_bodies, staff

STAFF_PETITION = "/api/staff/petitions/{slug}"
# Of this petition, a removal runs.
SIFTED = "/api/staff/petitions/lettered"
ONE_DOMAIN = b'{"condition": {"domain": "many.example"}, "reason": "One domain"}'
ONE_UPDATE = f"{STAFF_PETITION}/updates/{{update_id}}"
COUNTS, FUNNEL = f"{STAFF_PETITION}/counts", f"{STAFF_PETITION}/funnel"


def _petition_body(**changes: object) -> bytes:
    """Return the fields that staff write, without state and times."""
    written = a_petition().model_dump(include={"slug", *EDITABLE}, exclude={"opened_at", "closes_at"})
    return json.dumps({**written, **changes}).encode()


NEW_PETITION = staff("POST", 201, "/api/staff/petitions", body=_petition_body(slug="new"))
PETITION_REQUESTS = [
    *(
        get(status, route, f"/api/staff/petitions/{rest}", **STAFF)
        for route, rest, status in (
            (COUNTS, "safe-children/counts?by=country", 200),
            (COUNTS, "safe-children/counts?by=source&top=3", 200),
            (COUNTS, "safe-children/counts?by=version", 200),
            (COUNTS, "safe-children/counts?by=all", 200),
            (COUNTS, "safe-children/counts?by=all&format=csv", 200),
            (COUNTS, "safe-children/counts?by=day&from=2026-11-24&to=2026-11-24", 200),
            (COUNTS, "safe-children/counts?format=csv", 200),
            (COUNTS, "a-draft/counts?by=hour&format=csv", 200),
            (COUNTS, "safe-children/counts?by=name", 422),
            (FUNNEL, "safe-children/funnel?by=hour&from=2026-11-24&to=2026-11-24", 200),
            (FUNNEL, "a-draft/funnel?format=csv", 200),
            (FUNNEL, "safe-children/funnel?by=country", 422),
        )
    ),
    NEW_PETITION,
    *refused_bodies(NEW_PETITION, MAX_PETITION_KB * 1024, _petition_body(slug="safe-children")),
    *change_cases("PUT", STAFF_PETITION, _petition_body(title="New"), _petition_body(title=""), MAX_PETITION_KB * 1024),
    *change_cases("POST", f"{STAFF_PETITION}/state", b'{"state": "paused"}', b'{"state": "removed"}'),
    replace(
        staff("POST", 409, f"{STAFF_PETITION}/state", "/api/staff/petitions/closed/state", b'{"state": "paused"}'),
        headers={**STAFF, "Content-Type": JSON, "If-Match": "*"},
    ),
    *list_requests.of_lists(staff),
    staff("POST", 409, f"{STAFF_PETITION}/removals", f"{SIFTED}/removals", ONE_DOMAIN),
    staff("POST", 409, f"{STAFF_PETITION}/held/release", f"{SIFTED}/held/release", ONE_DOMAIN),
    staff("POST", 409, f"{STAFF_PETITION}/removals/{{removal_id}}/undo", f"{SIFTED}/removals/lettered.waiting/undo"),
    staff("POST", 409, f"{STAFF_PETITION}/reminders", "/api/staff/petitions/closed/reminders", b"{}"),
    staff("PUT", 409, f"{STAFF_PETITION}/retention", "/api/staff/petitions/emptied/retention", b'{"months": 3}'),
    staff("POST", 409, f"{STAFF_PETITION}/retention/run", "/api/staff/petitions/closed/retention/run"),
    staff("POST", 422, f"{STAFF_PETITION}/retention/run", "/api/staff/petitions/ended/retention/run?dry-run=true"),
    *(
        staff(method, 409, f"{ONE_UPDATE}{verb}", f"/api/staff/petitions/safe-children/updates/cancelled{verb}", body)
        for method, verb, body in (
            ("PUT", "", b'{"title": "A", "markdown": "B", "language": "en"}'),
            ("POST", "/test", b'{"email": "bob@charity.example"}'),
            ("POST", "/publish", b"{}"),
            ("POST", "/resume", b""),
        )
    ),
]
