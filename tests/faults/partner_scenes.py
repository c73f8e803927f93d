"""Scenes of partners. Whatever fails, a retry settles each signature, and each person counts once."""

import json
from functools import partial

from chalicelib.core import keys, partner_keys
from chalicelib.core.errors import Unavailable
from chalicelib.core.times import iso
from chalicelib.partners.model import Counts
from chalicelib.signatures.take_back import take_back
from chalicelib.staff import authorizer
from tests.actors import ALICE, CHARLIE, NOW, confirmed, identity_of, item_of
from tests.fake_site import JSON, FakeSite, context
from tests.faults.public_scenes import public_is_exact
from tests.faults.scenes import (
    PETITION,
    Scene,
    alice_pending,
    alice_withdrawn,
    counted_days_ago,
    counted_right,
    has_status,
)
from tests.faults.staff_scenes import as_function_of, bob_may_all, call, is_in_the_trail, read
from tests.partnering import PATH, a_partner, oaks_token, sent_of
from tests.partners.partner_requests import NEW_PARTNER, OSDI_BODY

BATCH = {"signatures": [sent_of(), sent_of(CHARLIE, "oak:2", consent={"wording": "Other", "version": "2"})]}


def oak_has_a_token(fake_site: FakeSite, counts: Counts = Counts.AT_ONCE) -> None:
    fake_site.oak = oaks_token(fake_site.tables, counts)  # type: ignore[attr-defined]


def oak_counts_after_email(fake_site: FakeSite) -> None:
    oak_has_a_token(fake_site, Counts.AFTER_EMAIL)


def alice_was_pending(fake_site: FakeSite) -> None:
    oak_has_a_token(fake_site)
    alice_pending(fake_site)


def alice_had_confirmed(fake_site: FakeSite) -> None:
    oak_has_a_token(fake_site)
    confirmed(fake_site.tables, PETITION)


def alice_had_withdrawn(fake_site: FakeSite) -> None:
    oak_has_a_token(fake_site)
    alice_withdrawn(fake_site)


def oak_and_bob(fake_site: FakeSite) -> None:
    bob_may_all(fake_site)
    a_partner(fake_site.tables)


def undone_before(fake_site: FakeSite) -> None:
    """Both people came with an import that staff have undone."""
    oak_has_a_token(fake_site)
    assert send(BATCH, fake_site)
    for key, item in [each for each in fake_site.tables.items.items() if each[0].pk.startswith("RECEIPT#")]:
        signature = keys.signature(PETITION.slug, item["signature_id"])
        assert take_back(signature, item["digest"], PETITION, NOW, fake_site.tables)
        fake_site.tables.items[key]["undone_at"] = iso(NOW)


def imported_before(fake_site: FakeSite) -> None:
    """Both people came with an import, under the same identifiers."""
    oak_has_a_token(fake_site)
    assert send(BATCH, fake_site)
    for key in [each for each in fake_site.tables.items if each.pk.startswith("RECEIPT#")]:
        fake_site.tables.items[key] |= {"job_id": "an-import", "row": 2}


def are_noted(fake_site: FakeSite) -> None:
    """Assert that undoing the import would leave both signatures."""
    each_is("confirmed", fake_site)
    for who in (ALICE, CHARLIE):
        item = item_of(fake_site.tables, PETITION, identity_of(PETITION, who))
        assert item["also_came_with"] == {f"{item['receipt']}.api"}


def send(body: object, fake_site: FakeSite, path: str = PATH, good: int = 200) -> bool:
    headers = {"authorization": f"Bearer {fake_site.oak}"}  # type: ignore[attr-defined]
    try:
        return has_status(fake_site.post(path, json.dumps(body).encode(), JSON, **headers), good)
    except Unavailable:
        return False  # Raised by the authorizer; API Gateway answers 503.


def each_is(state: str, fake_site: FakeSite) -> None:
    """Assert the state of both people, and that their receipts are settled."""
    items = [item_of(fake_site.tables, PETITION, identity_of(PETITION, who)) for who in (ALICE, CHARLIE)]
    assert [item["state"] for item in items] == [state, state]
    are_settled(fake_site)


def alice_stays_withdrawn(fake_site: FakeSite) -> None:
    assert item_of(fake_site.tables, PETITION, identity_of(PETITION))["state"] == "withdrawn"
    are_settled(fake_site)


def are_settled(fake_site: FakeSite) -> None:
    counted_right(fake_site)
    receipts = [item for key, item in fake_site.tables.items.items() if key.pk.startswith("RECEIPT#")]
    assert len(receipts) == 2
    assert all("result" in receipt for receipt in receipts)


def partner_is_stored(fake_site: FakeSite) -> None:
    assert fake_site.tables.items[partner_keys.partner("partner-elm")]["name"] == "Elm"
    is_in_the_trail("partner.created", fake_site)


def is_authorized(fake_site: FakeSite) -> bool:
    arn = f"arn:aws:execute-api:eu-west-2:1:abc/site/POST{PATH}"
    event = {"type": "REQUEST", "headers": {"OSDI-API-Token": fake_site.oak}, "methodArn": arn}  # type: ignore[attr-defined]
    try:
        policy = authorizer.partner_authorizer(event, context())
    except Unavailable:
        return False
    return bool(policy["policyDocument"]["Statement"][0]["Effect"] == "Allow")


def oak_and_a_count(fake_site: FakeSite) -> None:
    oak_has_a_token(fake_site)
    counted_days_ago(fake_site)


def read_osdi(path: str, fake_site: FakeSite) -> bool:
    try:
        return has_status(fake_site.get(path, authorization=f"Bearer {fake_site.oak}"), 200)  # type: ignore[attr-defined]
    except Unavailable:
        return False


def record_signature(fake_site: FakeSite) -> bool:
    return send(json.loads(OSDI_BODY), fake_site, f"{OSDI}/petitions/safe-children/record")


PARTNERS, OSDI = "/api/staff/partners", "/api/osdi"
PARTNER_SCENES = [
    Scene("take_signatures", oak_has_a_token, partial(send, BATCH), partial(each_is, "confirmed")),
    Scene("take_signatures", oak_counts_after_email, partial(send, BATCH), partial(each_is, "pending")),
    Scene("take_signatures", alice_was_pending, partial(send, BATCH), partial(each_is, "confirmed")),
    Scene("take_signatures", alice_had_confirmed, partial(send, BATCH), partial(each_is, "confirmed")),
    Scene("take_signatures", alice_had_withdrawn, partial(send, BATCH), alice_stays_withdrawn),
    Scene("take_signatures", undone_before, partial(send, BATCH), partial(each_is, "confirmed")),
    Scene("take_signatures", imported_before, partial(send, BATCH), are_noted),
    Scene("record_signature", oak_has_a_token, record_signature, counted_right),
    Scene("read_entry_point", oak_has_a_token, partial(read_osdi, OSDI), counted_right),
    Scene("list_osdi_petitions", oak_and_a_count, partial(read_osdi, f"{OSDI}/petitions"), public_is_exact),
    Scene("read_osdi_petition", oak_and_a_count, partial(read_osdi, f"{OSDI}/petitions/safe-children"), counted_right),
    Scene("partner_authorizer", oak_has_a_token, is_authorized, counted_right),
    Scene("list_partners", bob_may_all, partial(read, PARTNERS), counted_right),
    Scene("partners", oak_and_bob, partial(as_function_of, "partners", "/api/staff/partners", PARTNERS), counted_right),
    Scene("issue_token_of_partner", oak_and_bob, partial(call, "POST", f"{PARTNERS}/partner-oak/tokens", 201, {}),
          partial(is_in_the_trail, "token.issued")),
    Scene("add_partner", bob_may_all, partial(call, "POST", PARTNERS, 201, NEW_PARTNER), partner_is_stored),
]  # fmt: skip
