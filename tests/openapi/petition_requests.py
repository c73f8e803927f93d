"""Requests of staff about petitions: counts, texts, figures, updates."""

import json
from dataclasses import replace

from chalicelib.petitions.form import EDITABLE, MAX_PETITION_KB
from tests.actors import a_petition
from tests.exports.subscribers import list_requests
from tests.fake_site import JSON
from tests.openapi.cases import STAFF, change_cases, get, staff
from tests.updates.sending import TEXT

STAFF_PETITION = "/api/staff/petitions/{slug}"
UPDATES = "/api/staff/petitions/{slug}/updates"
UPDATES_OF_ONE_PETITION = "/api/staff/petitions/safe-children/updates"
ONE_UPDATE = f"{UPDATES}/{{update_id}}"
STATEMENTS = "/api/staff/petitions/{slug}/statements"
STAFF_COUNTS = "/api/staff/petitions/{slug}/counts"


def _petition_body(**changes: object) -> bytes:
    """Return the fields that staff write, without state and times."""
    written = a_petition().model_dump(include={"slug", *EDITABLE}, exclude={"opened_at", "closes_at"})
    return json.dumps({**written, **changes}).encode()


UPDATE_BODY = json.dumps(TEXT).encode()
STATUS_BY_SLUG = {"safe-children": 200, "nobody": 404}
FIGURE_BODY = b'{"source": "a", "kind": "paper", "count": 1, "as_of": "2026-11-20T12:00:00Z", "evidence": "A sheet"}'
PETITION_REQUESTS = [
    get(200, "/api/staff/petitions", **STAFF),
    *(
        get(status, STAFF_COUNTS, f"/api/staff/petitions/{rest}", **STAFF)
        for rest, status in {
            "safe-children/counts": 200,
            "safe-children/counts?by=country": 200,
            "safe-children/counts?by=source&top=3": 200,
            "safe-children/counts?by=version": 200,
            "safe-children/counts?by=version&from=2026-11-24": 422,
            "safe-children/counts?by=constituency": 422,
            "safe-children/counts?by=all": 200,
            "safe-children/counts?by=all&format=csv": 200,
            "safe-children/counts?by=day&from=2026-11-24&to=2026-11-24": 200,
            "safe-children/counts?format=csv": 200,
            "a-draft/counts?by=hour&format=csv": 200,
            "nobody/counts": 404,
            "safe-children/counts?by=name": 422,
            "safe-children/counts?by=source&top=0": 422,
            "safe-children/counts?from=yesterday": 422,
            "safe-children/counts?from=2026-11-24&to=2026-11-23": 422,
        }.items()
    ),
    get(304, "/api/staff/petitions", **STAFF, **{"If-None-Match": "*"}),
    get(304, STAFF_COUNTS, "/api/staff/petitions/safe-children/counts", **STAFF, **{"If-None-Match": "*"}),
    get(200, "/api/staff/health", **STAFF),
    staff("POST", 201, STATEMENTS, "/api/staff/petitions/safe-children/statements"),
    staff("POST", 404, STATEMENTS, "/api/staff/petitions/nobody/statements"),
    *(
        staff("POST", status, "/api/staff/petitions", body=body)
        for body, status in {
            _petition_body(slug="new"): 201,
            b"{": 400,
            b"a" * (MAX_PETITION_KB * 1024 + 1): 413,
            _petition_body(slug="safe-children"): 422,
        }.items()
    ),
    staff("POST", 415, "/api/staff/petitions", body=b"{}", kind="text/plain"),
    *change_cases("PUT", STAFF_PETITION, _petition_body(title="New"), _petition_body(title=""), MAX_PETITION_KB * 1024),
    *change_cases("POST", f"{STAFF_PETITION}/state", b'{"state": "paused"}', b'{"state": "removed"}'),
    replace(
        staff("POST", 409, f"{STAFF_PETITION}/state", "/api/staff/petitions/closed/state", b'{"state": "paused"}'),
        headers={**STAFF, "Content-Type": JSON, "If-Match": "*"},
    ),
    *(
        staff("POST", status, f"{STAFF_PETITION}/figures", f"/api/staff/petitions/{slug}/figures", body)
        for status, slug, body in (
            *((201, "safe-children", FIGURE_BODY), (404, "nobody", FIGURE_BODY)),
            *((400, "closed", b"{"), (413, "closed", b"a" * (16_385)), (422, "closed", b"{}")),
        )
    ),
    staff("POST", 415, f"{STAFF_PETITION}/figures", "/api/staff/petitions/closed/figures", FIGURE_BODY, "text/plain"),
    *list_requests.of_lists(staff),
    *(
        staff(method, status, route, route.format(slug=slug))
        for method, route in (
            ("GET", STAFF_PETITION),
            ("GET", f"{STAFF_PETITION}/versions"),
            ("POST", f"{STAFF_PETITION}/preview"),
        )
        for slug, status in {"safe-children": 200, "nobody": 404}.items()
    ),
    *(
        get(status, f"{STAFF_PETITION}/funnel", f"/api/staff/petitions/{rest}", **STAFF)
        for rest, status in {
            "safe-children/funnel": 200,
            "safe-children/funnel?by=hour&from=2026-11-24&to=2026-11-24": 200,
            "a-draft/funnel?format=csv": 200,
            "nobody/funnel": 404,
            "safe-children/funnel?by=country": 422,
        }.items()
    ),
    *(
        staff("POST", status, UPDATES, f"/api/staff/petitions/{slug}/updates", body)
        for status, slug, body in (
            *((201, "safe-children", UPDATE_BODY), (404, "nobody", UPDATE_BODY)),
            *((400, "closed", b"{"), (413, "closed", b"a" * 16_385), (422, "closed", b"{}")),
        )
    ),
    staff("POST", 415, UPDATES, "/api/staff/petitions/closed/updates", UPDATE_BODY, "text/plain"),
    *(staff("GET", status, UPDATES, UPDATES.format(slug=slug)) for slug, status in STATUS_BY_SLUG.items()),
    *(
        staff("GET", status, ONE_UPDATE, ONE_UPDATE.format(slug="safe-children", update_id=update_id))
        for update_id, status in {"draft": 200, "nobody": 404}.items()
    ),
    *(
        staff(method, status, f"{ONE_UPDATE}{verb}", f"{UPDATES_OF_ONE_PETITION}/{update_id}{verb}", body)
        for method, verb, right, accepted in (
            ("PUT", "", UPDATE_BODY, 200),
            ("POST", "/test", b'{"email": "bob@charity.example"}', 202),
            ("POST", "/publish", b"{}", 202),
        )
        for update_id, status, body in (
            *(("draft", accepted, right), ("nobody", 404, right), ("cancelled", 409, right)),
            *(("draft", 400, b"{"), ("draft", 413, b"a" * 16_385), ("draft", 422, b'{"more": 1}')),
        )
    ),
    *(
        staff(
            method,
            415,
            f"{ONE_UPDATE}{verb}",
            f"{UPDATES_OF_ONE_PETITION}/draft{verb}",
            b"{}",
            "text/plain",
        )
        for method, verb in (("PUT", ""), ("POST", "/test"), ("POST", "/publish"))
    ),
    *(
        staff("POST", status, f"{ONE_UPDATE}/cancel", f"/api/staff/petitions/safe-children/updates/{update_id}/cancel")
        for update_id, status in {"draft": 200, "nobody": 404}.items()
    ),
]
