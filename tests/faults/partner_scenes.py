"""Scenes of partners. Whatever fails, a retry settles each signature, and each person counts once."""

import json
from functools import partial
from typing import Any

from chalicelib.core import keys
from chalicelib.core.times import iso
from chalicelib.partners.model import CountsWhen
from chalicelib.signatures.withdraw import take_back
from chalicelib.staff import authorizer
from tests.actors import ALICE, CHARLIE, NOW, identity_of, item_of
from tests.fake_site import FakeSite
from tests.faults.public_scenes import assert_exact_public_count
from tests.faults.scenes import (
    PETITION,
    Scene,
    assert_exact_counts,
    has_status,
    is_authorized,
    request_with,
    together,
    with_alice_confirmed,
    with_alice_pending,
    with_alice_withdrawn,
    with_past_days,
)
from tests.partnering import PATH, oaks_token, sent_of
from tests.partners.partner_requests import OSDI_BODY

BATCH = {"signatures": [sent_of(), sent_of(CHARLIE, "oak:2", consent={"wording": "Other", "version": "2"})]}


def with_oaks_token(fake_site: FakeSite, counts: CountsWhen = CountsWhen.AT_ONCE) -> None:
    fake_site.scene_state.oaks_token = oaks_token(fake_site.tables, counts)


def with_oak_counting_after_email(fake_site: FakeSite) -> None:
    with_oaks_token(fake_site, CountsWhen.AFTER_EMAIL)


def with_an_undone_import(fake_site: FakeSite) -> None:
    """Both people came with an import that staff have undone."""
    with_oaks_token(fake_site)
    assert send(BATCH, fake_site)
    for key in receipt_keys(fake_site):
        item = fake_site.tables.items[key]
        signature = keys.signature(PETITION.slug, item["signature_id"])
        assert take_back(signature, item["digest"], PETITION, NOW, fake_site.tables)
        fake_site.tables.items[key]["undone_at"] = iso(NOW)


def with_an_import(fake_site: FakeSite) -> None:
    """Both people came with an import before, under the same identifiers."""
    with_oaks_token(fake_site)
    assert send(BATCH, fake_site)
    for key in receipt_keys(fake_site):
        fake_site.tables.items[key] |= {"job_id": "an-import", "row": 2}


def assert_undoing_would_leave_both(fake_site: FakeSite) -> None:
    """Assert that undoing the import would leave both signatures."""
    assert_both_are("confirmed", fake_site)
    for who in (ALICE, CHARLIE):
        item = item_of(fake_site.tables, PETITION, identity_of(PETITION, who))
        assert item["also_came_with"] == {f"{item['receipt']}.api"}


def send(body: object, fake_site: FakeSite, path: str = PATH, success: int = 200) -> bool:
    token = fake_site.scene_state.oaks_token
    return has_status(request_with(token, "POST", path, json.dumps(body).encode(), fake_site), success)


def assert_both_are(state: str, fake_site: FakeSite) -> None:
    """Assert the state of both people, and that their receipts are settled."""
    items = [item_of(fake_site.tables, PETITION, identity_of(PETITION, who)) for who in (ALICE, CHARLIE)]
    assert [item["state"] for item in items] == [state, state]
    assert_receipts_are_settled(fake_site)


def assert_alice_stays_withdrawn(fake_site: FakeSite) -> None:
    assert item_of(fake_site.tables, PETITION, identity_of(PETITION))["state"] == "withdrawn"
    assert_receipts_are_settled(fake_site)


def assert_receipts_are_settled(fake_site: FakeSite) -> None:
    assert_exact_counts(fake_site)
    receipts = [fake_site.tables.items[key] for key in receipt_keys(fake_site)]
    assert len(receipts) == 2
    assert all("result" in receipt for receipt in receipts)


def receipt_keys(fake_site: FakeSite) -> list[keys.Key]:
    return [key for key in fake_site.tables.items if key.pk.startswith("RECEIPT#")]


def oaks_request(fake_site: FakeSite) -> dict[str, Any]:
    return {"type": "REQUEST", "headers": {"OSDI-API-Token": fake_site.scene_state.oaks_token}}


def read_osdi(path: str, fake_site: FakeSite) -> bool:
    return has_status(request_with(fake_site.scene_state.oaks_token, "GET", path, b"", fake_site), 200)


def record_signature(fake_site: FakeSite) -> bool:
    return send(json.loads(OSDI_BODY), fake_site, f"{OSDI_URL}/petitions/safe-children/record")


OSDI_URL = "/api/osdi"
SEND = partial(send, BATCH)
assert_both_confirmed = partial(assert_both_are, "confirmed")


SCENES = [
    Scene("take_signatures", with_oaks_token, SEND, assert_both_confirmed),
    Scene("take_signatures", with_oak_counting_after_email, SEND, partial(assert_both_are, "pending")),
    Scene("take_signatures", together(with_oaks_token, with_alice_pending), SEND, assert_both_confirmed),
    Scene("take_signatures", together(with_oaks_token, with_alice_confirmed), SEND, assert_both_confirmed),
    Scene("take_signatures", together(with_oaks_token, with_alice_withdrawn), SEND, assert_alice_stays_withdrawn),
    Scene("take_signatures", with_an_undone_import, SEND, assert_both_confirmed),
    Scene("take_signatures", with_an_import, SEND, assert_undoing_would_leave_both),
    Scene("record_signature", with_oaks_token, record_signature, assert_exact_counts),
    Scene("list_osdi_petitions", together(with_oaks_token, with_past_days), partial(read_osdi, f"{OSDI_URL}/petitions"),
          assert_exact_public_count),
    Scene("authorizer", with_oaks_token,
          partial(is_authorized, authorizer.authorizer, oaks_request), assert_exact_counts),
]  # fmt: skip
