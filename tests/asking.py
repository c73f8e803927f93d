"""Requests to the API of staff, and the actions that are in the activity log afterwards."""

import json

from chalice.test import HTTPResponse

from chalicelib.staff.audit.record import AuditRecord, entries
from tests.actors import DAY, NOW
from tests.fake_site import JSON, FakeSite


def ask(fake_site: FakeSite, token: str, method: str, path: str, body: object = None) -> HTTPResponse:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": JSON}
    content = b"" if body is None else json.dumps(body).encode()
    return fake_site.client.http.request(method, path, headers=headers, body=content)


def audit_records(fake_site: FakeSite) -> list[AuditRecord]:
    """Return the log of the days around NOW, newest first."""
    return [*entries(NOW - DAY, NOW + 9 * DAY, fake_site.tables)]


def actions(fake_site: FakeSite) -> list[str]:
    """Return the names of the logged actions, sorted, because the test clock gives entries the same time."""
    return sorted(entry.action.name for entry in audit_records(fake_site))
