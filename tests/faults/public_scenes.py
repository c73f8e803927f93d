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
from tests.faults.link_scenes import as_function
from tests.faults.scenes import (
    KEY,
    PETITION,
    Scene,
    _schedule,
    alice_confirmed,
    alice_pending,
    counted_days_ago,
    counted_right,
    deliver,
    get,
    has_status,
    nothing,
    post,
    run,
)


def public_is_exact(fake_site: FakeSite) -> None:
    """Assert that the public count is exact once any lease of a killed reader has expired."""
    fake_site.clock.forward(timedelta(seconds=11))
    shown = fake_site.get("/api/petitions/safe-children/count").json_body["count"]
    assert shown == exact_count(PETITION, fake_site.clock(), fake_site.tables).confirmed == 1


def three_people(fake_site: FakeSite) -> None:
    alice_pending(fake_site)
    confirmed(fake_site.tables, PETITION, BOB)
    signed(fake_site.tables, PETITION, CHARLIE)


def read_count(path: str, fake_site: FakeSite) -> bool:
    """Return whether a count was shown: the exact one or a stale one."""
    answer = fake_site.get(path)
    if answer.status_code == 200:
        assert answer.json_body["count"] in (0, 1)
    return has_status(answer, 200)


def read_as_staff(path: str, fake_site: FakeSite) -> bool:
    try:
        answer = fake_site.get(path, authorization=f"Bearer {fake_site.bob}")  # type: ignore[attr-defined]
    except Unavailable:
        return False  # Raised by the authorizer; API Gateway answers 503.
    if answer.status_code == 200 and "csv" not in path:
        body = json.loads(answer.body)
        assert (body["petitions"][0] if "petitions" in body else body)["confirmed"] == 1
    return has_status(answer, 200)


def bob_may_read_counts(fake_site: FakeSite) -> None:
    counted_days_ago(fake_site)
    fake_site.bob = bobs_token(fake_site.tables)  # type: ignore[attr-defined]


def is_authorized(fake_site: FakeSite) -> bool:
    arn = "arn:aws:execute-api:eu-west-2:1:abc/site/GET/api/staff/petitions"
    event = {"type": "TOKEN", "authorizationToken": f"Bearer {fake_site.bob}", "methodArn": arn}  # type: ignore[attr-defined]
    try:
        policy = authorizer.staff_authorizer(event, context())
    except Unavailable:
        return False  # API Gateway then answers 503. "Unauthorized" would be wrong.
    return bool(policy["policyDocument"]["Statement"][0]["Effect"] == "Allow")


def stream(fake_site: FakeSite) -> dict[str, Any]:
    """Three people signed, then Bob confirmed."""
    items = [item_of(fake_site.tables, PETITION, identity_of(PETITION, who)) for who in (ALICE, BOB, CHARLIE)]
    fresh = [{**item, "state": "pending"} for item in items]
    signings = [(str(number), None, item) for number, item in enumerate(fresh, 1)]
    return stream_event([*signings, ("9", fresh[1], items[1])])


def pending_is_right(fake_site: FakeSite) -> None:
    fake_site.invoke("project_signatures", stream(fake_site))
    assert pending_count(PETITION.slug, fake_site.tables) == 2


def is_stored_and_mailed_once(fake_site: FakeSite) -> None:
    for _ in range(2):
        assert fake_site.deliver("store_overflow", fake_site.overflow.messages) == []
    item = item_of(fake_site.tables, PETITION, KEY.sk)
    assert (item["state"], item["name"], item["mail_kind"]) == ("pending", ALICE.name, "confirm")


def an_overflowed_signature(fake_site: FakeSite) -> None:
    set_level(Level.ACCEPT_ONLY, fake_site.tables)
    assert fake_site.post_json("/api/petitions/safe-children/signatures", json_of()).status_code == 202
    set_level(Level.NORMAL, fake_site.tables)


def nothing_drifts(fake_site: FakeSite) -> None:
    found = recount(PETITION, fake_site.clock, fake_site.tables)
    assert (found.worst, found.confirmed) == (0, 1)


SIGN, COUNT, STAFF = "/petitions/safe-children/signatures", "/api/petitions/safe-children", "/api/staff/petitions"
PUBLIC_SCENES = [
    Scene("read_asset", nothing, partial(get, "/assets/site.css"), counted_right),
    Scene("read_dashboard_file", nothing, partial(get, "/assets/staff/0/app.js"), counted_right),
    Scene("show_dashboard", nothing, partial(get, "/staff"), counted_right),
    Scene("read_openapi", nothing, partial(get, "/api/openapi.json"), counted_right),
    Scene("read_health", nothing, partial(get, "/health"), counted_right),
    Scene("show_petitions", counted_days_ago, partial(get, "/"), public_is_exact),
    Scene("list_petitions", counted_days_ago, partial(get, "/api/petitions"), public_is_exact),
    Scene("show_petition", counted_days_ago, partial(get, "/petitions/safe-children"), public_is_exact),
    Scene("show_card", counted_days_ago, partial(get, "/petitions/safe-children/card.png"), counted_right),
    Scene("show_embed", counted_days_ago, partial(get, "/embed/safe-children"), public_is_exact),
    Scene("show_counter", counted_days_ago, partial(get, "/embed/safe-children/counter"), public_is_exact),
    Scene("read_embed_script", nothing, partial(get, "/embed.js"), counted_right),
    Scene("show_thanks", nothing, partial(get, "/petitions/safe-children/thanks"), counted_right),
    Scene("read_petition", counted_days_ago, partial(read_count, COUNT), public_is_exact),
    Scene("read_count", counted_days_ago, partial(read_count, f"{COUNT}/count"), public_is_exact),
    Scene("read_count", alice_confirmed, partial(read_count, f"{COUNT}/count"), public_is_exact),
    Scene("read_total", alice_confirmed, partial(get, f"{COUNT}/total"), public_is_exact),
    Scene("read_progress", alice_confirmed, partial(get, f"{COUNT}/progress"), public_is_exact),
    Scene("list_counts", bob_may_read_counts, partial(read_as_staff, STAFF), counted_right),
    Scene("read_counts", bob_may_read_counts, partial(read_as_staff, f"{STAFF}/safe-children/counts"), counted_right),
    Scene("read_counts", bob_may_read_counts, partial(read_as_staff, f"{STAFF}/safe-children/counts?by=hour"),
          counted_right),
    Scene("staff_authorizer", bob_may_read_counts, is_authorized, counted_right),
    Scene("sign_by_json", nothing, lambda fake_site: has_status(fake_site.post_json(f"/api{SIGN}", json_of()), 202),
          is_stored_and_mailed_once),
    Scene("sign_by_form", nothing, partial(post, SIGN, fields_of(), 303), is_stored_and_mailed_once),
    Scene("sign_by_form", alice_pending, partial(post, SIGN, fields_of(), 303), is_stored_and_mailed_once),
    Scene("sign_by_form", counted_days_ago, partial(post, SIGN, {"name": ""}, 422), public_is_exact),
    Scene("counts", counted_days_ago, partial(as_function, "counts", "/api/petitions/{slug}/count"), public_is_exact),
    Scene("project_signatures", three_people, partial(run, "project_signatures", stream), pending_is_right),
    Scene("store_overflow", an_overflowed_signature,
          partial(deliver, "store_overflow", lambda fake_site: fake_site.overflow.messages), is_stored_and_mailed_once),
    Scene("recount_tallies", counted_days_ago, partial(run, "recount_tallies", _schedule), nothing_drifts),
]  # fmt: skip
