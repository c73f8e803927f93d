"""Scenes of the public pages and routes, of the links in emails, and of the count."""

import json
from datetime import timedelta
from functools import partial
from typing import Any

from chalicelib.core.errors import Unavailable
from chalicelib.projections.breakdowns import pending_count
from chalicelib.projections.recount import recount
from chalicelib.shedding.level import Level, set_level
from chalicelib.staff import authorizer
from chalicelib.tallies.count import exact_count
from tests.actors import (
    ALICE,
    BOB,
    CHARLIE,
    bobs_token,
    confirmed,
    fields_of,
    identity_of,
    item_of,
    json_of,
    signed,
)  # fmt: skip
from tests.fake_site import FakeSite, context, stream_event
from tests.faults.link_scenes import invoke_route
from tests.faults.scenes import (
    KEY,
    PETITION,
    Scene,
    assert_exact_counts,
    deliver,
    get,
    has_status,
    nothing,
    post,
    run,
    schedule,
    with_alice_confirmed,
    with_alice_pending,
    with_past_days,
)


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


def read_count(path: str, fake_site: FakeSite) -> bool:
    """Return whether a count was shown: the exact one or a stale one."""
    answer = fake_site.get(path)
    if answer.status_code == 200:
        assert answer.json_body["count"] in (0, 1)
    return has_status(answer, 200)


def read_counts_as_staff(path: str, fake_site: FakeSite) -> bool:
    try:
        answer = fake_site.get(path, authorization=f"Bearer {fake_site.scene_state.bobs_token}")
    except Unavailable:
        return False  # Raised by the authorizer; API Gateway answers 503.
    if answer.status_code == 200 and "csv" not in path:
        body = json.loads(answer.body)
        counts = body["petitions"][0] if "petitions" in body else body
        assert counts["confirmed"] == 1
    return has_status(answer, 200)


def with_bob_and_past_days(fake_site: FakeSite) -> None:
    with_past_days(fake_site)
    fake_site.scene_state.bobs_token = bobs_token(fake_site.tables)


def is_authorized(fake_site: FakeSite) -> bool:
    arn = "arn:aws:execute-api:eu-west-2:1:abc/site/GET/api/staff/petitions"
    event = {"type": "TOKEN", "authorizationToken": f"Bearer {fake_site.scene_state.bobs_token}", "methodArn": arn}
    try:
        policy = authorizer.authorizer(event, context())
    except Unavailable:
        return False  # API Gateway then answers 503. "Unauthorized" would be wrong.
    statement = policy["policyDocument"]["Statement"][0]
    return bool(statement["Effect"] == "Allow")


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


SIGN_PATH, STAFF_URL = "/petitions/safe-children/signatures", "/api/staff/petitions"
API_URL = "/api/petitions/safe-children"
PUBLIC_SCENES = [
    Scene("read_asset", nothing, partial(get, "/assets/site.css"), assert_exact_counts),
    Scene("read_dashboard_file", nothing, partial(get, "/assets/staff/0/app.js"), assert_exact_counts),
    Scene("show_petitions", with_past_days, partial(get, "/"), assert_exact_public_count),
    Scene("list_petitions", with_past_days, partial(get, "/api/petitions"), assert_exact_public_count),
    Scene("show_petition", with_past_days, partial(get, "/petitions/safe-children"), assert_exact_public_count),
    Scene("show_card", with_past_days, partial(get, "/petitions/safe-children/card.png"), assert_exact_counts),
    Scene("show_embed", with_past_days, partial(get, "/embed/safe-children"), assert_exact_public_count),
    Scene("show_counter", with_past_days, partial(get, "/embed/safe-children/counter"), assert_exact_public_count),
    Scene("read_petition", with_past_days, partial(read_count, API_URL), assert_exact_public_count),
    Scene("read_count", with_past_days, partial(read_count, f"{API_URL}/count"), assert_exact_public_count),
    Scene("read_count", with_alice_confirmed, partial(read_count, f"{API_URL}/count"), assert_exact_public_count),
    Scene("read_total", with_alice_confirmed, partial(get, f"{API_URL}/total"), assert_exact_public_count),
    Scene("read_progress", with_alice_confirmed, partial(get, f"{API_URL}/progress"), assert_exact_public_count),
    Scene("list_counts", with_bob_and_past_days, partial(read_counts_as_staff, STAFF_URL), assert_exact_counts),
    Scene("read_counts", with_bob_and_past_days, partial(read_counts_as_staff, f"{STAFF_URL}/safe-children/counts"),
          assert_exact_counts),
    Scene("read_counts", with_bob_and_past_days,
          partial(read_counts_as_staff, f"{STAFF_URL}/safe-children/counts?by=hour"), assert_exact_counts),
    Scene("authorizer", with_bob_and_past_days, is_authorized, assert_exact_counts),
    Scene("sign_by_json", nothing,
          lambda fake_site: has_status(fake_site.post_json(f"/api{SIGN_PATH}", json_of()), 202),
          assert_stored_with_one_email_request),
    Scene("sign_by_form", nothing, partial(post, SIGN_PATH, fields_of(), 303), assert_stored_with_one_email_request),
    Scene("sign_by_form", with_alice_pending, partial(post, SIGN_PATH, fields_of(name="Alice A."), 303),
          assert_newest_name_is_stored),
    Scene("sign_by_form", with_alice_pending, partial(post, SIGN_PATH, fields_of(), 303),
          assert_stored_with_one_email_request),
    Scene("sign_by_form", with_past_days, partial(post, SIGN_PATH, {"name": ""}, 422), assert_exact_public_count),
    Scene("counts", with_past_days, partial(invoke_route, "counts", "/api/petitions/{slug}/count"),
          assert_exact_public_count),
    Scene("project_signatures", with_three_people, partial(run, "project_signatures", changes_of_three_people),
          assert_two_are_pending),
    Scene("store_overflow", with_an_overflowed_signature,
          partial(deliver, "store_overflow", lambda fake_site: fake_site.overflow.messages),
          assert_stored_with_one_email_request),
    Scene("recount_tallies", with_past_days, partial(run, "recount_tallies", schedule), assert_no_drift),
]  # fmt: skip
