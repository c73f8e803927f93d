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
from tests.partners.partner_requests import HELPER, NEW
from tests.served import JSON, Served, context

BATCH = {"signatures": [sent_of(), sent_of(CHARLIE, "oak:2", consent={"wording": "Other", "version": "2"})]}


def oak_has_a_token(served: Served, counts: Counts = Counts.AT_ONCE) -> None:
    served.oak = oaks_token(served.tables, counts)  # type: ignore[attr-defined]


def oak_counts_after_email(served: Served) -> None:
    oak_has_a_token(served, Counts.AFTER_EMAIL)


def alice_was_pending(served: Served) -> None:
    oak_has_a_token(served)
    alice_pending(served)


def alice_had_confirmed(served: Served) -> None:
    oak_has_a_token(served)
    confirmed(served.tables, PETITION)


def alice_had_withdrawn(served: Served) -> None:
    oak_has_a_token(served)
    alice_withdrawn(served)


def oak_and_bob(served: Served) -> None:
    bob_may_all(served)
    a_partner(served.tables)


def undone_before(served: Served) -> None:
    """Both people came with an import that staff have undone."""
    oak_has_a_token(served)
    assert send(BATCH, served)
    for key, item in [each for each in served.tables.items.items() if each[0].pk.startswith("RECEIPT#")]:
        signature = keys.signature(PETITION.slug, item["signature_id"])
        assert take_back(signature, item["digest"], PETITION, NOW, served.tables)
        served.tables.items[key]["undone_at"] = iso(NOW)


def imported_before(served: Served) -> None:
    """Both people came with an import, under the same identifiers."""
    oak_has_a_token(served)
    assert send(BATCH, served)
    for key in [each for each in served.tables.items if each.pk.startswith("RECEIPT#")]:
        served.tables.items[key] |= {"job_id": "an-import", "row": 2}


def are_noted(served: Served) -> None:
    """Assert that undoing the import would leave both signatures."""
    each_is("confirmed", served)
    for who in (ALICE, CHARLIE):
        item = item_of(served.tables, PETITION, identity_of(PETITION, who))
        assert item["also_came_with"] == {f"{item['receipt']}.api"}


def send(body: object, served: Served, path: str = PATH, good: int = 200) -> bool:
    headers = {"authorization": f"Bearer {served.oak}"}  # type: ignore[attr-defined]
    try:
        return has_status(served.post(path, json.dumps(body).encode(), JSON, **headers), good)
    except Unavailable:
        return False  # Raised by the authorizer; API Gateway answers 503.


def each_is(state: str, served: Served) -> None:
    """Assert the state of both people, and that their receipts are settled."""
    items = [item_of(served.tables, PETITION, identity_of(PETITION, who)) for who in (ALICE, CHARLIE)]
    assert [item["state"] for item in items] == [state, state]
    are_settled(served)


def alice_stays_withdrawn(served: Served) -> None:
    assert item_of(served.tables, PETITION, identity_of(PETITION))["state"] == "withdrawn"
    are_settled(served)


def are_settled(served: Served) -> None:
    counted_right(served)
    receipts = [item for key, item in served.tables.items.items() if key.pk.startswith("RECEIPT#")]
    assert len(receipts) == 2
    assert all("result" in receipt for receipt in receipts)


def partner_is_stored(served: Served) -> None:
    assert served.tables.items[partner_keys.partner("partner-elm")]["name"] == "Elm"
    is_in_the_trail("partner.created", served)


def is_authorized(served: Served) -> bool:
    arn = f"arn:aws:execute-api:eu-west-2:1:abc/site/POST{PATH}"
    event = {"type": "REQUEST", "headers": {"OSDI-API-Token": served.oak}, "methodArn": arn}  # type: ignore[attr-defined]
    try:
        policy = authorizer.partner_authorizer(event, context())
    except Unavailable:
        return False
    return bool(policy["policyDocument"]["Statement"][0]["Effect"] == "Allow")


def oak_and_a_count(served: Served) -> None:
    oak_has_a_token(served)
    counted_days_ago(served)


def read_osdi(path: str, served: Served) -> bool:
    try:
        return has_status(served.get(path, authorization=f"Bearer {served.oak}"), 200)  # type: ignore[attr-defined]
    except Unavailable:
        return False


def record_signature(served: Served) -> bool:
    return send(json.loads(HELPER), served, f"{OSDI}/petitions/safe-children/record")


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
    Scene("add_partner", bob_may_all, partial(call, "POST", PARTNERS, 201, NEW), partner_is_stored),
]  # fmt: skip
