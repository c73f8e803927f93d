"""Signing: kept once, whatever happens how often, and nobody learns who was there before."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.aws.table import Change, Item
from chalicelib.core import keys
from chalicelib.core.errors import ConditionFailed, Throttled, Unavailable
from chalicelib.mail.relay import new_request
from chalicelib.petitions.model import Petition
from chalicelib.signatures.mail_state import claim_mail, mark_mailed, mark_undeliverable
from chalicelib.signatures.model import UNMAILED_LIFETIME
from chalicelib.signatures.sign import Outcome, sign
from chalicelib.signatures.withdraw import withdraw
from tests.actors import (
    ALICE,
    DAY,
    MINUTE,
    NOW,
    SECRET,
    Person,
    a_form,
    a_petition,
    change_item,
    confirmed,
    identity_of,
    item_of,
    key_of,
    request_of,
    signed,
)
from tests.fakes import FakeTables

SECOND = timedelta(seconds=1)


def mailed(tables: FakeTables, petition: Petition, identity: str, now: datetime = NOW) -> None:
    """The mail that is wanted has gone."""
    requested_at = item_of(tables, petition, identity)["mail_requested_at"]
    claim_mail(key_of(petition, identity), requested_at, now, timedelta(seconds=90), tables)
    mark_mailed(key_of(petition, identity), requested_at, now, now + 15 * DAY, tables)


def signatures_in(tables: FakeTables) -> list[Item]:
    return [item for key, item in tables.items.items() if key.table == keys.SIGNATURES]


def test_signing_is_one_conditional_put_and_nothing_else(tables: FakeTables, petition: Petition) -> None:
    tables.calls.clear()
    assert sign(a_form(), "api", petition, SECRET, NOW, tables)[1] is Outcome.ACCEPTED
    assert tables.calls == ["put_new"]


def test_what_was_signed_is_kept_with_everything_needed_to_prove_it(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition, updates=True, country="NL", postcode="1012 AB", source="bbc")
    assert item_of(tables, petition, identity) == {
        "pk": f"safe-children#{keys.bucket_of(identity)}",
        "sk": identity,
        "state": "pending",
        "signed_at": "2026-11-24T12:00:00Z",
        "name": ALICE.name,
        "email": ALICE.email,
        "country": "NL",
        "postcode": "1012 AB",
        "source": "bbc",
        "updates": True,
        "obtained_by": petition.charity,
        "channel": "form",
        "text_version": petition.text_version,
        "consent_version": petition.consent_version,
        "mail_kind": "confirm",
        "mail_requested_at": "2026-11-24T12:00:00Z",
        "mails": 0,
        "expires_at": int((NOW + UNMAILED_LIFETIME).timestamp()),
    }


def test_a_double_click_is_one_signature(tables: FakeTables, petition: Petition) -> None:
    assert signed(tables, petition) == signed(tables, petition)
    assert len(signatures_in(tables)) == 1


def test_the_same_mailbox_typed_otherwise_is_the_same_signature(tables: FakeTables, petition: Petition) -> None:
    signed(tables, petition, Person("Alice", "a.lice@gmail.com"))
    signed(tables, petition, Person("Alice Again", "ALICE+news@googlemail.com"))
    assert [item["name"] for item in signatures_in(tables)] == ["Alice"]


def test_one_person_signs_two_petitions(tables: FakeTables, petition: Petition) -> None:
    assert signed(tables, petition) != signed(tables, a_petition(slug="another"))
    assert len(signatures_in(tables)) == 2


def test_thirty_two_racing_for_one_address_leave_one_signature_and_one_wish(
    tables: FakeTables, petition: Petition
) -> None:
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda _: sign(a_form(), "api", petition, SECRET, NOW, tables)[1], range(32)))
    assert outcomes.count(Outcome.ACCEPTED) == 1
    (item,) = signatures_in(tables)
    assert item["mail_requested_at"] == "2026-11-24T12:00:00Z"


def test_a_repetition_cannot_change_what_the_first_one_said(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition)
    before = item_of(tables, petition, identity)
    signed(tables, petition, Person("Mallory", ALICE.email), NOW + DAY, country="NL", updates=True)
    item = item_of(tables, petition, identity)
    assert {name: value for name, value in item.items() if name != "mail_nudged_at"} == before


def test_signing_again_before_the_mail_went_asks_for_no_second_mail(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition)
    before = item_of(tables, petition, identity)
    signed(tables, petition, now=NOW + DAY)
    assert item_of(tables, petition, identity)["mail_requested_at"] == before["mail_requested_at"]


def test_signing_again_while_pending_brings_the_same_confirmation_again(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition)
    mailed(tables, petition, identity)
    before = item_of(tables, petition, identity)
    signed(tables, petition, now=NOW + MINUTE)
    request = new_request(before, item_of(tables, petition, identity))
    assert request is not None
    assert (request.kind, request.requested_at) == ("confirm", "2026-11-24T12:01:00Z")


def test_signing_again_once_confirmed_says_so_by_mail(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition)
    mailed(tables, petition, identity)
    confirmed(tables, petition)
    signed(tables, petition, now=NOW + MINUTE)
    item = item_of(tables, petition, identity)
    assert (item["state"], item["mail_kind"]) == ("confirmed", "already-signed")


@pytest.mark.parametrize(("later", "goes"), [(59, False), (60, True)])
def test_a_mail_wanted_within_a_minute_of_the_last_waits_and_is_not_lost(
    tables: FakeTables, petition: Petition, later: int, goes: bool
) -> None:
    identity = signed(tables, petition)
    mailed(tables, petition, identity)
    signed(tables, petition, now=NOW + SECOND)
    requested_at = item_of(tables, petition, identity)["mail_requested_at"]
    with nullcontext() if goes else pytest.raises(ConditionFailed):
        claim_mail(key_of(petition, identity), requested_at, NOW + later * SECOND, MINUTE, tables)


def test_a_wish_that_was_lost_on_its_way_is_sent_again_by_signing_again(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition)
    before = item_of(tables, petition, identity)
    signed(tables, petition, now=NOW + 9 * MINUTE)
    assert item_of(tables, petition, identity) == before
    signed(tables, petition, now=NOW + 10 * MINUTE)
    nudged = item_of(tables, petition, identity)
    assert new_request(before, nudged) == new_request(None, before)
    signed(tables, petition, now=NOW + 11 * MINUTE)
    assert item_of(tables, petition, identity) == nudged, "not more often than every ten minutes"


def test_five_mails_and_never_a_sixth(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition)
    for hour in range(10):
        if "mail_kind" in item_of(tables, petition, identity):
            mailed(tables, petition, identity, NOW + hour * 60 * MINUTE)
        signed(tables, petition, now=NOW + hour * 60 * MINUTE + MINUTE)
    item = item_of(tables, petition, identity)
    assert (item["mails"], "mail_kind" in item) == (5, False)


def test_a_blocked_address_hears_nothing_and_whoever_typed_it_neither(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition)
    mark_undeliverable(key_of(petition, identity), "complained", tables)
    assert sign(a_form(), "api", petition, SECRET, NOW + DAY, tables) == (identity, Outcome.REPEATED)
    assert "mail_kind" not in item_of(tables, petition, identity)


def test_who_withdrew_may_sign_again(tables: FakeTables, petition: Petition) -> None:
    identity = confirmed(tables, petition)
    withdraw(key_of(petition, identity), petition, NOW, tables)
    signed(tables, petition, Person("Alice Anders", ALICE.email), NOW + DAY)
    item = item_of(tables, petition, identity)
    assert (item["state"], item["name"], item["signed_at"]) == ("pending", "Alice Anders", "2026-11-25T12:00:00Z")
    assert "withdrawn_at" in item, "a hand-over under way must know that they had left"
    assert item["expires_at"] == int((NOW + DAY + UNMAILED_LIFETIME).timestamp())


def test_signing_again_right_after_withdrawing_is_kept_though_its_mail_must_wait(
    tables: FakeTables, petition: Petition
) -> None:
    identity = signed(tables, petition)
    mailed(tables, petition, identity)
    withdraw(key_of(petition, identity), petition, NOW + 10 * SECOND, tables)
    signed(tables, petition, now=NOW + 30 * SECOND)
    item = item_of(tables, petition, identity)
    assert (item["state"], item["mail_kind"]) == ("pending", "confirm")
    with pytest.raises(ConditionFailed):
        claim_mail(key_of(petition, identity), item["mail_requested_at"], NOW + 40 * SECOND, MINUTE, tables)


def test_signing_again_after_five_mails_and_a_withdrawal_is_kept(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition)
    change_item(tables, petition, identity, mails=5)
    withdraw(key_of(petition, identity), petition, NOW, tables)
    signed(tables, petition, now=NOW + DAY)
    item = item_of(tables, petition, identity)
    assert (item["state"], item["name"], "mail_kind" in item) == ("pending", ALICE.name, False)


def test_an_expired_signature_that_ttl_has_not_fetched_yet_is_read_as_gone(
    tables: FakeTables, petition: Petition
) -> None:
    identity = signed(tables, petition)
    mailed(tables, petition, identity)
    signed(tables, petition, Person("Alice Anders", ALICE.email), NOW + 15 * DAY)
    item = item_of(tables, petition, identity)
    assert (item["name"], item["mail_kind"], item["mails"]) == ("Alice Anders", "confirm", 1)
    assert item["expires_at"] > (NOW + 15 * DAY).timestamp()


def test_an_expired_signature_whose_mail_never_went_may_be_signed_again(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition)
    later = NOW + UNMAILED_LIFETIME + DAY
    signed(tables, petition, now=later)
    assert item_of(tables, petition, identity)["expires_at"] > later.timestamp()


def test_a_signature_that_ttl_fetches_in_the_very_moment_it_is_renewed_is_not_lost(petition: Petition) -> None:
    class Expiring(FakeTables):
        def _update(self, change: Change, returns: Mapping[str, str]) -> Any:
            self.items.pop(change.key, None)
            return super()._update(change, returns)

    tables = Expiring()
    identity = identity_of(petition)
    signed(tables, petition)
    try:
        signed(tables, petition, now=NOW + UNMAILED_LIFETIME + DAY)
    except Unavailable:
        return  # Not acknowledged: whoever signed tries again.
    assert item_of(tables, petition, identity), "202 was said and nothing was kept"


def test_a_confirmed_signature_never_expires(tables: FakeTables, petition: Petition) -> None:
    identity = confirmed(tables, petition)
    signed(tables, petition, now=NOW + 900 * DAY)
    assert item_of(tables, petition, identity)["state"] == "confirmed"


@pytest.mark.parametrize("failure", [Throttled("storage"), Unavailable("storage")])
def test_what_was_not_kept_is_not_acknowledged(tables: FakeTables, petition: Petition, failure: Unavailable) -> None:
    tables.fail_next(failure)
    with pytest.raises(Unavailable):
        signed(tables, petition)
    assert not signatures_in(tables)


def test_a_retry_after_a_lost_answer_changes_nothing(tables: FakeTables, petition: Petition) -> None:
    """The SDK's second attempt finds what its first one wrote."""
    identity = signed(tables, petition)
    request = request_of(tables, petition, identity)
    assert sign(a_form(), "form", petition, SECRET, NOW, tables) == (identity, Outcome.REPEATED)
    assert request_of(tables, petition, identity) == request
