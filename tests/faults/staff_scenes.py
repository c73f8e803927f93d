"""Scenes of staff's actions. An action without an audit entry was not done, and a retry completes it."""

import json
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from chalicelib.core import keys
from chalicelib.core.errors import Unavailable
from chalicelib.core.rights import Right
from chalicelib.core.times import iso
from chalicelib.petitions.edit import versions
from chalicelib.petitions.find import petition_as_stored
from chalicelib.petitions.form import EDITABLE
from chalicelib.petitions.model import PetitionState
from chalicelib.projections.funnel.model import Stage
from chalicelib.projections.funnel.read import stage_counts_by_day, totals
from chalicelib.staff.audit.record import entries
from chalicelib.tallies.count import exact_count
from chalicelib.tallies.model import TallyDimension
from chalicelib.tallies.prove import COUNT, DAYS, HOURS, Sum, adjust
from tests.actors import DAY, NOW, a_petition, bobs_token
from tests.fake_site import JSON, FakeSite
from tests.faults.scenes import PETITION, Scene, counted_right, has_status
from tests.located import give_table

TOKENS = "/api/staff/tokens"


def bob_may_all(fake_site: FakeSite) -> None:
    fake_site.bob = bobs_token(fake_site.tables, NOW, *Right)  # type: ignore[attr-defined]


def a_count_adjusted_twice(fake_site: FakeSite) -> None:
    """The second adjustment undoes the first."""
    bob_may_all(fake_site)
    for seconds, drift in ((2, 1), (1, -1)):
        sums = {
            COUNT: drift,
            DAYS: drift,
            HOURS: drift,
            Sum(TallyDimension.COUNTRY, "GB"): drift,
            Sum(TallyDimension.SOURCE, "direct"): drift,
        }
        adjust(PETITION.slug, sums, NOW - timedelta(seconds=seconds), fake_site.tables)


def a_token_to_revoke(fake_site: FakeSite) -> None:
    bob_may_all(fake_site)
    fake_site.other = bobs_token(fake_site.tables).split("_")[1]  # type: ignore[attr-defined]


def call(method: str, path: str, good: int, body: object, fake_site: FakeSite) -> bool:
    """Make a staff request and return whether it succeeded. If AWS fails in the authorizer, API Gateway answers 503."""
    headers = {"Authorization": f"Bearer {fake_site.bob}", "Content-Type": JSON}  # type: ignore[attr-defined]
    try:
        answer = fake_site.client.http.request(method, path, headers=headers, body=json.dumps(body).encode())
    except Unavailable:
        return False
    return has_status(answer, good)


def read(path: str, fake_site: FakeSite) -> bool:
    return call("GET", path, 200, None, fake_site)


def read_constituencies(fake_site: FakeSite) -> bool:
    """Read the counts by constituency, with a table of constituencies."""
    with pytest.MonkeyPatch.context() as patch:
        give_table(patch)
        return read("/api/staff/petitions/safe-children/counts?by=constituency", fake_site)


def revoke_token(fake_site: FakeSite) -> bool:
    return call("DELETE", f"{TOKENS}/{fake_site.other}", 200, None, fake_site)  # type: ignore[attr-defined]


def is_in_the_trail(action: str, fake_site: FakeSite) -> None:
    assert action in {entry.action.name for entry in entries(NOW - DAY, NOW + DAY, fake_site.tables)}


def is_refused_in_the_trail(action: str, fake_site: FakeSite) -> None:
    """Assert that an entry of this action says why it was refused. A retry after an outage makes another entry."""
    found = [entry.refused for entry in entries(NOW - DAY, NOW + DAY, fake_site.tables) if entry.action.name == action]
    assert any(found)


def as_function_of(function: str, route: str, path: str, fake_site: FakeSite) -> bool:
    """Call a function as API Gateway does, after the authorizer has accepted the token."""
    names = [part.strip("{}") for part in route.split("/") if part.startswith("{")]
    indexes = [index for index, part in enumerate(route.split("/")) if part.startswith("{")]
    event: dict[str, Any] = {
        "requestContext": {
            "httpMethod": "GET", "resourcePath": route, "path": path,
            "authorizer": {"principalId": "0" * 16, "owner": "bob", "rights": "manage,people,export,counts"},
        },
        "headers": {}, "stageVariables": {}, "body": None, "multiValueQueryStringParameters": None,
        "pathParameters": dict(zip(names, (path.split("/")[index] for index in indexes), strict=True)),
        "isBase64Encoded": False,
    }  # fmt: skip
    status: int = fake_site.invoke(function, event)["statusCode"]
    assert status in (200, 503)
    return status == 200


def petition_is_right(fake_site: FakeSite) -> None:
    """Assert that the petition is complete, and that the version of its text is stored."""
    counted_right(fake_site)
    petition = petition_as_stored("safe-children", fake_site.tables)
    assert petition.version in {text.version for text in versions(petition, fake_site.tables)}


def change_petition(method: str, path: str, body: object, fake_site: FakeSite) -> bool:
    """Change the petition and return whether it succeeded. 409 on a retry means that it is already changed."""
    headers = {"Authorization": f"Bearer {fake_site.bob}", "Content-Type": JSON, "If-Match": "*"}  # type: ignore[attr-defined]
    try:
        answer = fake_site.client.http.request(method, path, headers=headers, body=json.dumps(body).encode())
    except Unavailable:
        return False
    if answer.status_code == 409:
        return True
    return has_status(answer, 200)


def create_petition(fake_site: FakeSite) -> bool:
    """Create a petition. 422 on a retry means that the first request took effect: the slug is taken."""
    headers = {"Authorization": f"Bearer {fake_site.bob}", "Content-Type": JSON}  # type: ignore[attr-defined]
    body = json.dumps({**WRITTEN, "slug": "new"}).encode()
    try:
        answer = fake_site.client.http.request("POST", PETITIONS, headers=headers, body=body)
    except Unavailable:
        return False
    return answer.status_code == 422 or has_status(answer, 201)


def is_complete(fake_site: FakeSite) -> None:
    petition = petition_as_stored("new", fake_site.tables)
    assert (petition.revision, petition.state) == (1, PetitionState.DRAFT)
    assert exact_count(petition, NOW, fake_site.tables).confirmed == 0
    assert len(versions(petition, fake_site.tables)) == 1


PETITIONS = "/api/staff/petitions"
ADDRESS = f"{PETITIONS}/safe-children"
WRITTEN = a_petition().model_dump(include={*EDITABLE}, exclude={"opened_at", "closes_at"})


def passed_days_ago(fake_site: FakeSite) -> None:
    """The funnel has past days, which the next reader closes."""
    bob_may_all(fake_site)
    for bucket in (keys.BUCKETS[0], keys.BUCKETS[-1]):
        fake_site.tables.put(
            keys.funnel("safe-children", bucket, (NOW - 4 * DAY).date()), {"r13": 2, "projected_to": "1"}
        )


def nothing_is_passed_twice(fake_site: FakeSite) -> None:
    for _ in range(2):
        counts = stage_counts_by_day(petition_as_stored("safe-children", fake_site.tables), NOW, fake_site.tables)
        assert totals(counts) == {Stage.RECEIVED: 4}


FIGURE = {"source": "paper", "kind": "paper", "count": 412, "as_of": iso(NOW), "evidence": "Sheets 1 to 21"}


def figure_is_entered(fake_site: FakeSite) -> None:
    petition_is_right(fake_site)
    assert [figure.count for figure in petition_as_stored("safe-children", fake_site.tables).figures] == [412]


NEW_TOKEN = {"owner": "carla", "rights": ["counts"]}
STAFF_SCENES = [
    Scene("read_me", bob_may_all, partial(read, "/api/staff/me"), counted_right),
    Scene("list_tokens", bob_may_all, partial(read, TOKENS), counted_right),
    Scene("issue_token", bob_may_all, partial(call, "POST", TOKENS, 201, NEW_TOKEN),
          partial(is_in_the_trail, "token.issued")),
    Scene("revoke_token", a_token_to_revoke, revoke_token, partial(is_in_the_trail, "token.revoked")),
    Scene("read_audit", bob_may_all, partial(read, "/api/staff/audit"), counted_right),
    Scene("manage", bob_may_all, partial(as_function_of, "manage", TOKENS, TOKENS), counted_right),
    Scene("read_staff_health", a_count_adjusted_twice, partial(read, "/api/staff/health"), counted_right),
    Scene("create_petition", bob_may_all, create_petition, is_complete),
    Scene("create_petition", bob_may_all, partial(call, "POST", PETITIONS, 422, {**WRITTEN, "slug": PETITION.slug}),
          partial(is_refused_in_the_trail, "petition.created")),
    Scene("read_petition_as_stored", bob_may_all, partial(read, ADDRESS), petition_is_right),
    Scene("edit_petition", bob_may_all, partial(change_petition, "PUT", ADDRESS, {**WRITTEN, "text": "More."}),
          petition_is_right),
    Scene("move_petition", bob_may_all, partial(change_petition, "POST", f"{ADDRESS}/state", {"state": "paused"}),
          petition_is_right),
    Scene("enter_figure", bob_may_all, partial(call, "POST", f"{ADDRESS}/figures", 201, FIGURE), figure_is_entered),
    Scene("list_versions", bob_may_all, partial(read, f"{ADDRESS}/versions"), petition_is_right),
    Scene("preview_petition", bob_may_all, partial(call, "POST", f"{ADDRESS}/preview", 200, None), petition_is_right),
    Scene("read_funnel", passed_days_ago, partial(read, "/api/staff/petitions/safe-children/funnel"),
          nothing_is_passed_twice),
    Scene("read_counts", bob_may_all, partial(read, "/api/staff/petitions/safe-children/counts?by=version"),
          counted_right),
    Scene("read_counts", bob_may_all, read_constituencies, counted_right),
]  # fmt: skip
