"""Each person counts once, however often a partner sends them and whichever came first."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.partners.form import read_signature
from chalicelib.partners.model import CountsWhen, Partner, ReceiveOutcome
from chalicelib.partners.receive import predict_each
from chalicelib.petitions.model import Petition
from chalicelib.signatures.model import UNMAILED_LIFETIME, WITHDRAWN_LIFETIME
from chalicelib.signatures.withdraw import erase, withdraw
from chalicelib.tallies.count import exact_count
from tests.actors import (
    ALICE,
    BOB,
    DAY,
    NOW,
    Person,
    a_published_petition,
    change_item,
    identity_of,
    item_of,
    key_of,
    signed,
)
from tests.fakes import FakeTables
from tests.letters.lettering import LETTER
from tests.partnering import a_partner, a_receiving_context, receive, sent_of

ACCEPTED, EXISTING, INVALID, SUPPRESSED = ReceiveOutcome


def send(tables: FakeTables, petition: Petition, partner: Partner, *raws: dict[str, Any]) -> list[ReceiveOutcome]:
    return [result.outcome for result in receive(tables, petition, partner, *raws)]


def count(tables: FakeTables, petition: Petition) -> int:
    return exact_count(petition, NOW, tables).confirmed


def test_a_signature_counts_at_once_with_its_origin(tables: FakeTables, petition: Petition, oak: Partner) -> None:
    assert send(tables, petition, oak, sent_of()) == [ACCEPTED]
    item = item_of(tables, petition, identity_of(petition))
    assert (item["state"], item["source"], item["obtained_by"]) == ("confirmed", "partner-oak", "Partner-Oak")
    assert (item["channel"], item["consent_version"], item["updates"]) == ("partner", "1", False)
    assert "mail_kind" not in item
    assert count(tables, petition) == 1


def test_a_stranger_can_neither_opt_in_a_person_whom_a_partner_confirms_nor_send_their_letter(
    tables: FakeTables, oak: Partner
) -> None:
    """Anybody can type an address here. The partner vouches for the signature, but not for those consents."""
    petition = a_published_petition(tables, letter=LETTER)
    identity = signed(tables, petition, Person("Not Alice", ALICE.email), updates=True)
    words = {"version": petition.letter_version, "body": "Words of a stranger", "reply": True}
    change_item(tables, petition, identity, letter=words)
    assert send(tables, petition, oak, sent_of()) == [EXISTING]
    item = item_of(tables, petition, identity)
    assert (item["state"], item["name"], item["updates"]) == ("confirmed", ALICE.name, False)
    assert "letter" not in item
    assert count(tables, petition) == 1


def test_a_signature_that_must_be_confirmed_gets_one_email_and_waits(
    tables: FakeTables, petition: Petition, elm: Partner
) -> None:
    assert send(tables, petition, elm, sent_of()) == [ACCEPTED]
    identity = identity_of(petition)
    assert item_of(tables, petition, identity)["mail_kind"] == "confirm"
    change_item(tables, petition, identity, mails=1)
    for name in ("mail_kind", "mail_requested_at"):
        del tables.items[key_of(petition, identity)][name]
    assert send(tables, petition, elm, sent_of(), sent_of(ALICE, "elm:2")) == [EXISTING, EXISTING]
    assert "mail_kind" not in item_of(tables, petition, identity)
    assert count(tables, petition) == 0


def test_a_version_stands_for_one_wording(tables: FakeTables, petition: Petition, oak: Partner) -> None:
    changed = sent_of(BOB, "oak:2", consent={"wording": "Other words"})
    renumbered = sent_of(BOB, "oak:3", consent={"wording": "Other", "version": "2"})
    first, second, third = receive(tables, petition, oak, sent_of(), changed, renumbered)
    assert (first.outcome, second.outcome, third.outcome) == (ACCEPTED, INVALID, ACCEPTED)
    assert second.errors[0].field == "consent.version"


@pytest.fixture
def elm(tables: FakeTables) -> Partner:
    return a_partner(tables, CountsWhen.AFTER_EMAIL, "partner-elm")


def predict_and_take(
    tables: FakeTables, petition: Petition, elm: Partner, after: timedelta
) -> tuple[ReceiveOutcome, ReceiveOutcome]:
    """Return the result that a dry run predicts, and the result of then sending the signature."""
    now = NOW + after
    [predicted] = predict_each([read_signature(sent_of(), elm, now)], a_receiving_context(tables, petition, elm), now)
    [result] = receive(tables, petition, elm, sent_of(), now=now)
    return predicted.outcome, result.outcome


def delete_expired_item(tables: FakeTables, petition: Petition) -> None:
    """Delete the item, as DynamoDB does after it expired."""
    del tables.items[key_of(petition, identity_of(petition))]


@pytest.mark.parametrize(("after", "is_gone"), [(UNMAILED_LIFETIME + DAY, False), (16 * DAY, True)])
def test_an_expired_signature_is_accepted_again_and_gets_an_email_again(
    tables: FakeTables, petition: Petition, elm: Partner, after: timedelta, is_gone: bool
) -> None:
    predict_and_take(tables, petition, elm, timedelta())
    if is_gone:
        delete_expired_item(tables, petition)
    assert predict_and_take(tables, petition, elm, after) == (ACCEPTED, ACCEPTED)
    assert item_of(tables, petition, identity_of(petition))["mail_kind"] == "confirm"
    assert predict_and_take(tables, petition, elm, after + DAY) == (EXISTING, EXISTING)


@pytest.mark.parametrize("end", [withdraw, erase])
def test_a_person_who_withdrew_or_was_erased_stays_suppressed_after_the_item_expired(
    tables: FakeTables, petition: Petition, elm: Partner, end: object
) -> None:
    predict_and_take(tables, petition, elm, timedelta())
    end(key_of(petition, identity_of(petition)), petition, NOW, tables)  # type: ignore[operator]
    assert predict_and_take(tables, petition, elm, 30 * DAY) == (SUPPRESSED, SUPPRESSED)
    delete_expired_item(tables, petition)
    assert predict_and_take(tables, petition, elm, WITHDRAWN_LIFETIME) == (SUPPRESSED, SUPPRESSED)
