"""Scenes of staff's actions. Each action that took effect has an audit entry, and a retry completes an action."""

import json
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from chalicelib.core import keys
from chalicelib.petitions.edit import versions
from chalicelib.petitions.find import petition_as_stored
from chalicelib.petitions.form import EDITABLE
from chalicelib.petitions.model import PetitionState
from chalicelib.projections.funnel.model import Stage
from chalicelib.projections.funnel.read import stage_counts_by_day, totals
from chalicelib.staff.audit.record import entries
from chalicelib.tallies.count import exact_count
from chalicelib.tallies.model import TallyDimension
from chalicelib.tallies.prove import COUNT, DAYS, HOURS, SumName, adjust, last_adjusted
from tests.actors import DAY, NOW, a_petition
from tests.fake_site import FakeSite
from tests.faults.public_scenes import with_bobs_token
from tests.faults.scenes import PETITION, Scene, assert_exact_counts, has_status, request_with
from tests.located import give_table


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


def request_as_bob(method: str, path: str, body: object, fake_site: FakeSite, **headers: str) -> Any:
    token = fake_site.scene_state.bobs_token
    return request_with(token, method, path, json.dumps(body).encode(), fake_site, **headers)


def call(method: str, path: str, success: int, body: object, fake_site: FakeSite, *, done: int | None = None) -> bool:
    """Make a staff request and return whether it succeeded. `done`: the status if an earlier request took effect."""
    return has_status(request_as_bob(method, path, body, fake_site), success, done or success)


def read(path: str, fake_site: FakeSite) -> bool:
    return call("GET", path, 200, None, fake_site)


def read_constituencies(fake_site: FakeSite) -> bool:
    """Read the counts by constituency, with a table of constituencies."""
    with pytest.MonkeyPatch.context() as patch:
        give_table(patch)
        return read("/api/staff/petitions/safe-children/counts?by=constituency", fake_site)


def assert_audit_entry(action: str, fake_site: FakeSite) -> None:
    found = entries(NOW - DAY, NOW + DAY, fake_site.tables)
    assert action in {entry.action.name for entry in found}


def assert_audit_entry_of_refusal(action: str, fake_site: FakeSite) -> None:
    """Assert that an entry of this action has the reason of a refusal. A retry after an outage makes another entry."""
    found = entries(NOW - DAY, NOW + DAY, fake_site.tables)
    assert any(entry.action.name == action and entry.refused for entry in found)


def assert_petition_is_complete(fake_site: FakeSite) -> None:
    """Assert that the petition is complete, and that the version of its text is stored."""
    assert_exact_counts(fake_site)
    petition = petition_as_stored("safe-children", fake_site.tables)
    assert petition.version in {text.version for text in versions(petition, fake_site.tables)}


def change_petition(method: str, path: str, body: object, fake_site: FakeSite) -> bool:
    """Change the petition and return whether it succeeded. 409 on a retry means that it is already changed."""
    return has_status(request_as_bob(method, path, body, fake_site, **{"If-Match": "*"}), 200, 409)


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


STAFF_SCENES = [
    Scene("read_staff_health", with_a_count_adjusted_twice, partial(read, "/api/staff/health"), assert_exact_counts),
    Scene("create_petition", with_bobs_token,
          partial(call, "POST", PETITIONS_URL, 201, {**PETITION_FIELDS, "slug": "new"}, done=422),
          assert_new_petition_is_complete),
    Scene("create_petition", with_bobs_token,
          partial(call, "POST", PETITIONS_URL, 422, {**PETITION_FIELDS, "slug": PETITION.slug}),
          partial(assert_audit_entry_of_refusal, "petition.created")),
    Scene("edit_petition", with_bobs_token,
          partial(change_petition, "PUT", PETITION_URL, {**PETITION_FIELDS, "text": "More."}),
          assert_petition_is_complete),
    Scene("move_petition", with_bobs_token,
          partial(change_petition, "POST", f"{PETITION_URL}/state", {"state": "paused"}), assert_petition_is_complete),
    Scene("read_funnel", with_a_funnel_of_past_days, partial(read, "/api/staff/petitions/safe-children/funnel"),
          assert_stages_are_counted_once),
    Scene("read_counts", with_bobs_token, read_constituencies, assert_exact_counts),
]  # fmt: skip
