"""Scenes of the public pages and routes, of the links in emails, and of the count."""

from datetime import timedelta
from functools import partial
from typing import Any

from chalicelib.core.rights import Right
from chalicelib.projections.breakdowns import pending_count
from chalicelib.projections.recount import recount
from chalicelib.shedding.level import Level, set_level
from chalicelib.staff import authorizer
from chalicelib.tallies.count import exact_count
from tests.actors import (
    ALICE,
    BOB,
    CHARLIE,
    NOW,
    bobs_token,
    confirmed,
    fields_of,
    identity_of,
    item_of,
    json_of,
    signed,
)  # fmt: skip
from tests.fake_site import FakeSite, stream_event
from tests.faults.scenes import (
    KEY,
    PETITION,
    Scene,
    assert_exact_counts,
    deliver,
    get,
    has_status,
    is_authorized,
    nothing,
    post,
    run,
    schedule,
    with_alice_confirmed,
    with_alice_pending,
    with_past_days,
)


def with_bobs_token(fake_site: FakeSite) -> None:
    fake_site.scene_state.bobs_token = bobs_token(fake_site.tables, NOW, *Right)


def assert_exact_public_count(fake_site: FakeSite) -> None:
    """Assert that the public count is exact once any lease of a killed reader has expired."""
    fake_site.clock.forward(timedelta(seconds=11))
    shown = fake_site.get("/api/petitions/safe-children/count").json_body["count"]
    assert shown == exact_count(PETITION, fake_site.clock(), fake_site.tables).confirmed == 1


def assert_newest_name_is_stored(fake_site: FakeSite) -> None:
    assert fake_site.deliver("store_overflow", fake_site.overflow.messages) == []
    assert item_of(fake_site.tables, PETITION, identity_of(PETITION))["name"] == "Alice A."


def with_three_people(fake_site: FakeSite) -> None:
    with_alice_pending(fake_site)
    confirmed(fake_site.tables, PETITION, BOB)
    signed(fake_site.tables, PETITION, CHARLIE)


def bobs_request(fake_site: FakeSite) -> dict[str, str]:
    return {"type": "TOKEN", "authorizationToken": f"Bearer {fake_site.scene_state.bobs_token}"}


def changes_of_three_people(fake_site: FakeSite) -> dict[str, Any]:
    """Return the stream event of three people who signed, after which Bob confirmed."""
    items = [item_of(fake_site.tables, PETITION, identity_of(PETITION, who)) for who in (ALICE, BOB, CHARLIE)]
    fresh = [{**item, "state": "pending"} for item in items]
    signings = [(str(number), None, item) for number, item in enumerate(fresh, 1)]
    return stream_event([*signings, ("9", fresh[1], items[1])])


def assert_two_are_pending(fake_site: FakeSite) -> None:
    fake_site.invoke("project_signatures", changes_of_three_people(fake_site))
    assert pending_count(PETITION.slug, fake_site.tables) == 2


def assert_stored_with_one_email_request(fake_site: FakeSite) -> None:
    for _ in range(2):
        assert fake_site.deliver("store_overflow", fake_site.overflow.messages) == []
    item = item_of(fake_site.tables, PETITION, KEY.sk)
    assert (item["state"], item["name"], item["mail_kind"]) == ("pending", ALICE.name, "confirm")


def with_an_overflowed_signature(fake_site: FakeSite) -> None:
    set_level(Level.ACCEPT_ONLY, fake_site.tables)
    assert fake_site.post_json("/api/petitions/safe-children/signatures", json_of()).status_code == 202
    set_level(Level.NORMAL, fake_site.tables)


def assert_no_drift(fake_site: FakeSite) -> None:
    found = recount(PETITION, fake_site.clock, fake_site.tables)
    assert (found.largest_drift, found.confirmed) == (0, 1)


SIGN_PATH = "/petitions/safe-children/signatures"
API_URL = "/api/petitions/safe-children"
PUBLIC_SCENES = [
    Scene("read_asset", nothing, partial(get, "/assets/site.css"), assert_exact_counts),
    Scene("read_dashboard_file", nothing, partial(get, "/assets/staff/0/app.js"), assert_exact_counts),
    Scene("read_count", with_past_days, partial(get, f"{API_URL}/count"), assert_exact_public_count),
    Scene("read_progress", with_alice_confirmed, partial(get, f"{API_URL}/progress"), assert_exact_public_count),
    Scene("staff_authorizer", with_bobs_token,
          partial(is_authorized, authorizer.staff_authorizer, bobs_request), assert_exact_counts),
    Scene("sign_by_json", nothing,
          lambda fake_site: has_status(fake_site.post_json(f"/api{SIGN_PATH}", json_of()), 202),
          assert_stored_with_one_email_request),
    Scene("sign_by_form", nothing, partial(post, SIGN_PATH, fields_of(), 303), assert_stored_with_one_email_request),
    Scene("sign_by_form", with_alice_pending, partial(post, SIGN_PATH, fields_of(name="Alice A."), 303),
          assert_newest_name_is_stored),
    Scene("project_signatures", with_three_people, partial(run, "project_signatures", changes_of_three_people),
          assert_two_are_pending),
    Scene("store_overflow", with_an_overflowed_signature,
          partial(deliver, "store_overflow", lambda fake_site: fake_site.overflow.messages),
          assert_stored_with_one_email_request),
    Scene("recount_tallies", with_past_days, partial(run, "recount_tallies", schedule), assert_no_drift),
]  # fmt: skip
