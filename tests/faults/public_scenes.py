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
from tests.faults.link_scenes import as_function
from tests.faults.scenes import (
    KEY,
    PETITION,
    Scene,
    _schedule,
    alice_confirmed,
    alice_pending,
    answered,
    counted_days_ago,
    counted_right,
    delivered,
    got,
    nothing,
    posted,
    ran,
)
from tests.served import Served, context, stream_event


def public_is_exact(served: Served) -> None:
    """Assert that the public count is exact once any lease of a killed reader has expired."""
    served.clock.forward(timedelta(seconds=11))
    shown = served.get("/api/petitions/safe-children/count").json_body["count"]
    assert shown == exact_count(PETITION, served.clock(), served.tables).confirmed == 1


def three_people(served: Served) -> None:
    alice_pending(served)
    confirmed(served.tables, PETITION, BOB)
    signed(served.tables, PETITION, CHARLIE)


def shown_right(path: str, served: Served) -> bool:
    """Return whether the count was shown. It may be the exact or the stale one."""
    answer = served.get(path)
    if answer.status_code == 200:
        assert answer.json_body["count"] in (0, 1)
    return answered(answer, 200)


def staff_read(path: str, served: Served) -> bool:
    try:
        answer = served.get(path, authorization=f"Bearer {served.bob}")  # type: ignore[attr-defined]
    except Unavailable:
        return False  # Raised by the authorizer; API Gateway answers 503.
    if answer.status_code == 200 and "csv" not in path:
        body = json.loads(answer.body)
        assert (body["petitions"][0] if "petitions" in body else body)["confirmed"] == 1
    return answered(answer, 200)


def bob_asks(served: Served) -> None:
    counted_days_ago(served)
    served.bob = bobs_token(served.tables)  # type: ignore[attr-defined]


def is_authorized(served: Served) -> bool:
    arn = "arn:aws:execute-api:eu-west-2:1:abc/site/GET/api/staff/petitions"
    event = {"type": "TOKEN", "authorizationToken": f"Bearer {served.bob}", "methodArn": arn}  # type: ignore[attr-defined]
    try:
        policy = authorizer.staff_authorizer(event, context())
    except Unavailable:
        return False  # API Gateway then answers 503. "Unauthorized" would be wrong.
    return bool(policy["policyDocument"]["Statement"][0]["Effect"] == "Allow")


def stream(served: Served) -> dict[str, Any]:
    """Three people signed, then Bob confirmed."""
    items = [item_of(served.tables, PETITION, identity_of(PETITION, who)) for who in (ALICE, BOB, CHARLIE)]
    fresh = [{**item, "state": "pending"} for item in items]
    signings = [(str(number), None, item) for number, item in enumerate(fresh, 1)]
    return stream_event([*signings, ("9", fresh[1], items[1])])


def pending_is_right(served: Served) -> None:
    served.invoke("project_signatures", stream(served))
    assert pending_count(PETITION.slug, served.tables) == 2


def is_kept_and_mailed_once(served: Served) -> None:
    for _ in range(2):
        assert served.deliver("store_overflow", served.overflow.messages) == []
    item = item_of(served.tables, PETITION, KEY.sk)
    assert (item["state"], item["name"], item["mail_kind"]) == ("pending", ALICE.name, "confirm")


def overflowed(served: Served) -> None:
    set_level(Level.ACCEPT_ONLY, served.tables)
    assert served.post_json("/api/petitions/safe-children/signatures", json_of()).status_code == 202
    set_level(Level.NORMAL, served.tables)


def nothing_drifts(served: Served) -> None:
    found = recount(PETITION, served.clock, served.tables)
    assert (found.worst, found.confirmed) == (0, 1)


SIGN, COUNT, STAFF = "/petitions/safe-children/signatures", "/api/petitions/safe-children", "/api/staff/petitions"
PUBLIC_SCENES = [
    Scene("read_asset", nothing, partial(got, "/assets/site.css"), counted_right),
    Scene("read_dashboard_file", nothing, partial(got, "/assets/staff/0/app.js"), counted_right),
    Scene("show_dashboard", nothing, partial(got, "/staff"), counted_right),
    Scene("read_openapi", nothing, partial(got, "/api/openapi.json"), counted_right),
    Scene("read_health", nothing, partial(got, "/health"), counted_right),
    Scene("show_petitions", counted_days_ago, partial(got, "/"), public_is_exact),
    Scene("list_petitions", counted_days_ago, partial(got, "/api/petitions"), public_is_exact),
    Scene("show_petition", counted_days_ago, partial(got, "/petitions/safe-children"), public_is_exact),
    Scene("show_card", counted_days_ago, partial(got, "/petitions/safe-children/card.png"), counted_right),
    Scene("show_embed", counted_days_ago, partial(got, "/embed/safe-children"), public_is_exact),
    Scene("show_counter", counted_days_ago, partial(got, "/embed/safe-children/counter"), public_is_exact),
    Scene("read_embed_script", nothing, partial(got, "/embed.js"), counted_right),
    Scene("show_thanks", nothing, partial(got, "/petitions/safe-children/thanks"), counted_right),
    Scene("read_petition", counted_days_ago, partial(shown_right, COUNT), public_is_exact),
    Scene("read_count", counted_days_ago, partial(shown_right, f"{COUNT}/count"), public_is_exact),
    Scene("read_count", alice_confirmed, partial(shown_right, f"{COUNT}/count"), public_is_exact),
    Scene("read_total", alice_confirmed, partial(got, f"{COUNT}/total"), public_is_exact),
    Scene("read_progress", alice_confirmed, partial(got, f"{COUNT}/progress"), public_is_exact),
    Scene("list_counts", bob_asks, partial(staff_read, STAFF), counted_right),
    Scene("read_counts", bob_asks, partial(staff_read, f"{STAFF}/safe-children/counts"), counted_right),
    Scene("read_counts", bob_asks, partial(staff_read, f"{STAFF}/safe-children/counts?by=hour"), counted_right),
    Scene("staff_authorizer", bob_asks, is_authorized, counted_right),
    Scene("sign_by_json", nothing, lambda served: answered(served.post_json(f"/api{SIGN}", json_of()), 202),
          is_kept_and_mailed_once),
    Scene("sign_by_form", nothing, partial(posted, SIGN, fields_of(), 303), is_kept_and_mailed_once),
    Scene("sign_by_form", alice_pending, partial(posted, SIGN, fields_of(), 303), is_kept_and_mailed_once),
    Scene("sign_by_form", counted_days_ago, partial(posted, SIGN, {"name": ""}, 422), public_is_exact),
    Scene("counts", counted_days_ago, partial(as_function, "counts", "/api/petitions/{slug}/count"), public_is_exact),
    Scene("project_signatures", three_people, partial(ran, "project_signatures", stream), pending_is_right),
    Scene("store_overflow", overflowed, partial(delivered, "store_overflow", lambda served: served.overflow.messages),
          is_kept_and_mailed_once),
    Scene("recount_tallies", counted_days_ago, partial(ran, "recount_tallies", _schedule), nothing_drifts),
]  # fmt: skip
