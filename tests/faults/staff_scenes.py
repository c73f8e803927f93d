"""Scenes of staff's actions. Each action that took effect has an audit entry, and a retry completes an action."""

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
from chalicelib.projections.funnel import Stage, stage_counts_by_day, totals
from chalicelib.staff.audit.record import entries
from chalicelib.tallies.count import exact_count
from chalicelib.tallies.model import TallyDimension
from chalicelib.tallies.prove import COUNT, DAYS, HOURS, SumName, adjust, last_adjusted
from tests.actors import DAY, NOW, a_petition, bobs_token
from tests.fake_site import JSON, FakeSite
from tests.faults.scenes import PETITION, Scene, assert_exact_counts, has_status, path_parameters
from tests.located import give_table

TOKENS_URL = "/api/staff/tokens"


def with_bobs_token(fake_site: FakeSite) -> None:
    fake_site.scene_state.bobs_token = bobs_token(fake_site.tables, NOW, *Right)


def with_a_count_adjusted_twice(fake_site: FakeSite) -> None:
    """The second adjustment undoes the first."""
    with_bobs_token(fake_site)
    for seconds, drift in ((2, 1), (1, -1)):
        sums = {
            COUNT: drift,
            DAYS: drift,
            HOURS: drift,
            SumName(TallyDimension.COUNTRY, "GB"): drift,
            SumName(TallyDimension.SOURCE, "direct"): drift,
        }
        last = last_adjusted(PETITION.slug, fake_site.tables)
        adjust(PETITION.slug, sums, NOW - timedelta(seconds=seconds), fake_site.tables, last)


def with_a_token_to_revoke(fake_site: FakeSite) -> None:
    with_bobs_token(fake_site)
    fake_site.scene_state.other_token_id = bobs_token(fake_site.tables).split("_")[1]


def request_as_bob(method: str, path: str, body: object, fake_site: FakeSite, **headers: str) -> Any:
    """Return the answer to a staff request; None if AWS fails in the authorizer, for which API Gateway answers 503."""
    headers = {"Authorization": f"Bearer {fake_site.scene_state.bobs_token}", "Content-Type": JSON, **headers}
    try:
        return fake_site.client.http.request(method, path, headers=headers, body=json.dumps(body).encode())
    except Unavailable:
        return None


def call(method: str, path: str, success: int, body: object, fake_site: FakeSite) -> bool:
    """Make a staff request and return whether it succeeded."""
    answer = request_as_bob(method, path, body, fake_site)
    return answer is not None and has_status(answer, success)


def read(path: str, fake_site: FakeSite) -> bool:
    return call("GET", path, 200, None, fake_site)


def read_constituencies(fake_site: FakeSite) -> bool:
    """Read the counts by constituency, with a table of constituencies."""
    with pytest.MonkeyPatch.context() as patch:
        give_table(patch)
        return read("/api/staff/petitions/safe-children/counts?by=constituency", fake_site)


def revoke_token(fake_site: FakeSite) -> bool:
    return call("DELETE", f"{TOKENS_URL}/{fake_site.scene_state.other_token_id}", 200, None, fake_site)


def assert_audit_entry(action: str, fake_site: FakeSite) -> None:
    found = entries(NOW - DAY, NOW + DAY, fake_site.tables)
    assert action in {entry.action.name for entry in found}


def assert_audit_entry_of_refusal(action: str, fake_site: FakeSite) -> None:
    """Assert that an entry of this action has the reason of a refusal. A retry after an outage makes another entry."""
    found = entries(NOW - DAY, NOW + DAY, fake_site.tables)
    assert any(entry.action.name == action and entry.refused for entry in found)


def invoke_staff_route(function: str, route: str, path: str, fake_site: FakeSite) -> bool:
    """Call a function as API Gateway does, after the authorizer has accepted the token."""
    event: dict[str, Any] = {
        "requestContext": {
            "httpMethod": "GET", "resourcePath": route, "path": path,
            "authorizer": {"principalId": "0" * 16, "owner": "bob", "rights": "manage,people,export,counts"},
        },
        "headers": {}, "stageVariables": {}, "body": None, "multiValueQueryStringParameters": None,
        "pathParameters": path_parameters(route, path),
        "isBase64Encoded": False,
    }  # fmt: skip
    status: int = fake_site.invoke(function, event)["statusCode"]
    assert status in (200, 503)
    return status == 200


def assert_petition_is_complete(fake_site: FakeSite) -> None:
    """Assert that the petition is complete, and that the version of its text is stored."""
    assert_exact_counts(fake_site)
    petition = petition_as_stored("safe-children", fake_site.tables)
    assert petition.version in {text.version for text in versions(petition, fake_site.tables)}


def change_petition(method: str, path: str, body: object, fake_site: FakeSite) -> bool:
    """Change the petition and return whether it succeeded. 409 on a retry means that it is already changed."""
    answer = request_as_bob(method, path, body, fake_site, **{"If-Match": "*"})
    return answer is not None and (answer.status_code == 409 or has_status(answer, 200))


def create_petition(fake_site: FakeSite) -> bool:
    """Create a petition. 422 on a retry means that the first request took effect: the slug is taken."""
    answer = request_as_bob("POST", PETITIONS_URL, {**PETITION_FIELDS, "slug": "new"}, fake_site)
    return answer is not None and (answer.status_code == 422 or has_status(answer, 201))


def assert_new_petition_is_complete(fake_site: FakeSite) -> None:
    petition = petition_as_stored("new", fake_site.tables)
    assert (petition.revision, petition.state) == (1, PetitionState.DRAFT)
    assert exact_count(petition, NOW, fake_site.tables).confirmed == 0
    assert len(versions(petition, fake_site.tables)) == 1


PETITIONS_URL = "/api/staff/petitions"
PETITION_URL = f"{PETITIONS_URL}/safe-children"
PETITION_FIELDS = a_petition().model_dump(include={*EDITABLE}, exclude={"opened_at", "closes_at"})


def with_a_funnel_of_past_days(fake_site: FakeSite) -> None:
    """The funnel has past days, which the next reader closes."""
    with_bobs_token(fake_site)
    for bucket in (keys.BUCKETS[0], keys.BUCKETS[-1]):
        key = keys.funnel("safe-children", bucket, (NOW - 4 * DAY).date())
        fake_site.tables.put(key, {"r13": 2, "projected_to": "1"})


def assert_stages_are_counted_once(fake_site: FakeSite) -> None:
    for _ in range(2):
        petition = petition_as_stored("safe-children", fake_site.tables)
        counts = stage_counts_by_day(petition, NOW, fake_site.tables)
        assert totals(counts) == {Stage.RECEIVED: 4}


FIGURE = {"source": "paper", "kind": "paper", "count": 412, "as_of": iso(NOW), "evidence": "Sheets 1 to 21"}


def assert_figure_is_entered(fake_site: FakeSite) -> None:
    assert_petition_is_complete(fake_site)
    [figure] = petition_as_stored("safe-children", fake_site.tables).figures
    assert figure.count == 412


STAFF_SCENES = [
    Scene("revoke_token", with_a_token_to_revoke, revoke_token, partial(assert_audit_entry, "token.revoked")),
    Scene("manage", with_bobs_token, partial(invoke_staff_route, "manage", TOKENS_URL, TOKENS_URL),
          assert_exact_counts),
    Scene("read_staff_health", with_a_count_adjusted_twice, partial(read, "/api/staff/health"), assert_exact_counts),
    Scene("create_petition", with_bobs_token, create_petition, assert_new_petition_is_complete),
    Scene("create_petition", with_bobs_token,
          partial(call, "POST", PETITIONS_URL, 422, {**PETITION_FIELDS, "slug": PETITION.slug}),
          partial(assert_audit_entry_of_refusal, "petition.created")),
    Scene("edit_petition", with_bobs_token,
          partial(change_petition, "PUT", PETITION_URL, {**PETITION_FIELDS, "text": "More."}),
          assert_petition_is_complete),
    Scene("move_petition", with_bobs_token,
          partial(change_petition, "POST", f"{PETITION_URL}/state", {"state": "paused"}), assert_petition_is_complete),
    Scene("enter_figure", with_bobs_token, partial(call, "POST", f"{PETITION_URL}/figures", 201, FIGURE),
          assert_figure_is_entered),
    Scene("read_funnel", with_a_funnel_of_past_days, partial(read, "/api/staff/petitions/safe-children/funnel"),
          assert_stages_are_counted_once),
    Scene("read_counts", with_bobs_token, partial(read, "/api/staff/petitions/safe-children/counts?by=version"),
          assert_exact_counts),
    Scene("read_counts", with_bobs_token, read_constituencies, assert_exact_counts),
]  # fmt: skip
