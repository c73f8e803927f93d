"""A confirmed signature is counted exactly once, with the corrections of the mailbox's owner."""

from datetime import timedelta

import pytest

from chalicelib.core.errors import ConditionFailed, Conflicted, Invalid, LinkExpired, Unavailable
from chalicelib.petitions.model import Petition
from chalicelib.signatures import counted
from chalicelib.signatures.confirm import confirm, find_linked, read_corrections
from chalicelib.signatures.form import Corrections
from chalicelib.signatures.model import SignatureState
from chalicelib.signatures.withdraw import withdraw
from chalicelib.tallies.count import Days, breakdown, exact_count
from chalicelib.tallies.model import MAX_SOURCES, OTHER, TallyDimension
from tests.actors import (
    ALICE,
    BOB,
    DAY,
    MINUTE,
    NOW,
    Person,
    a_petition,
    a_published_petition,
    confirmed,
    item_of,
    signed,
    subject_of,
)
from tests.fakes import FakeTables

NO_CORRECTIONS = Corrections()


def count_of(tables: FakeTables, petition: Petition) -> int:
    return exact_count(petition, NOW, tables).confirmed


def test_a_confirmed_signature_counts_once_and_does_not_expire(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition)
    tables.calls.clear()
    confirm(subject_of(petition, identity), NO_CORRECTIONS, petition, NOW, tables)
    assert tables.calls == ["transact"]
    item = item_of(tables, petition, identity)
    assert (item["state"], item["confirmed_at"]) == ("confirmed", "2026-11-24T12:00:00Z")
    assert "expires_at" not in item
    assert count_of(tables, petition) == 1


def test_a_receipt_is_requested_in_the_same_transaction_if_the_petition_sends_receipts(tables: FakeTables) -> None:
    petition = a_published_petition(tables, slug="with-receipt", receipt=True)
    identity = signed(tables, petition)
    tables.calls.clear()
    confirm(subject_of(petition, identity), NO_CORRECTIONS, petition, NOW + MINUTE, tables)
    assert tables.calls == ["transact"]
    item = item_of(tables, petition, identity)
    assert (item["mail_kind"], item["mail_requested_at"]) == ("receipt", "2026-11-24T12:01:00Z")
    confirm(subject_of(petition, identity), NO_CORRECTIONS, petition, NOW + DAY, tables)
    assert item_of(tables, petition, identity) == item, "once, however often the button is pressed"


def test_an_old_link_confirms_a_signature_renewed_from_another_country(tables: FakeTables, petition: Petition) -> None:
    old = subject_of(petition, signed(tables, petition))
    withdraw(old.key, petition, NOW, tables)
    signed(tables, petition, now=NOW + DAY, country="NL", source="bbc")
    assert confirm(old, NO_CORRECTIONS, petition, NOW + DAY, tables).state is SignatureState.CONFIRMED
    shards = [item for key, item in tables.items.items() if key.pk.startswith("TALLY#safe-children#")]
    assert [(item["total"], item["cNL"], item["s.bbc"]) for item in shards] == [(1, 1, 1)]


def test_a_link_works_for_exactly_a_day_after_closing(tables: FakeTables) -> None:
    petition = a_published_petition(tables, closes_at=NOW)
    alice = subject_of(petition, signed(tables, a_petition(), ALICE))
    bob = subject_of(petition, signed(tables, a_petition(), BOB))
    done = confirm(alice, NO_CORRECTIONS, petition, NOW + DAY - timedelta(seconds=1), tables)
    assert done.state is SignatureState.CONFIRMED
    with pytest.raises(LinkExpired):
        confirm(bob, NO_CORRECTIONS, petition, NOW + DAY, tables)
    with pytest.raises(LinkExpired):
        find_linked(bob, petition, NOW + DAY, NOW + DAY, tables)


def test_conflicts_of_transactions_are_retried_for_a_time(
    tables: FakeTables, petition: Petition, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(counted, "sleep", pauses.append)
    subject = subject_of(petition, signed(tables, petition))
    tables.fail_next(*[Conflicted("storage")] * counted.ATTEMPTS)
    with pytest.raises(Unavailable):
        confirm(subject, NO_CORRECTIONS, petition, NOW, tables)
    assert sum(pauses) < 5
    assert count_of(tables, petition) == 0
    tables.fail_next(*[Conflicted("storage")] * (counted.ATTEMPTS - 1))
    assert confirm(subject, NO_CORRECTIONS, petition, NOW, tables).state is SignatureState.CONFIRMED
    assert count_of(tables, petition) == 1


def test_a_signature_that_changes_before_every_attempt_is_not_confirmed(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition)
    item = item_of(tables, petition, identity)
    failures = [ConditionFailed({**item, "country": country}) for country in ("NL", "FR", "DE")]
    tables.fail_next(*failures)
    with pytest.raises(Conflicted):
        confirm(subject_of(petition, identity), NO_CORRECTIONS, petition, NOW, tables)
    assert count_of(tables, petition) == 0


@pytest.mark.parametrize(
    ("fields", "corrected"),
    [
        ({}, (ALICE.name, "M1 1AE", True)),
        ({"name": " Alice A. ", "postcode": "sw1a1aa", "updates": "no", "token": "x"}, ("Alice A.", "SW1A 1AA", False)),
        ({"postcode": " "}, (ALICE.name, None, True)),
        ({"country": "NL"}, (ALICE.name, None, True)),
    ],
)
def test_the_owner_can_correct_each_field_of_the_signature(
    tables: FakeTables, petition: Petition, fields: dict[str, str], corrected: tuple[str, str | None, bool]
) -> None:
    identity = signed(tables, petition, updates=True, postcode="M1 1AE")
    confirm(subject_of(petition, identity), read_corrections(fields, "GB"), petition, NOW, tables)
    item = item_of(tables, petition, identity)
    assert (item["name"], item.get("postcode"), item["updates"]) == corrected


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "=x"}, "name"),
        ({"postcode": "nope"}, "postcode"),
        ({"country": "ZZ"}, "country"),
        ({"country": "GB", "postcode": "1012 AB"}, "postcode"),
        ({"updates": "maybe"}, "updates"),
    ],
)
def test_a_correction_is_validated_like_the_form(fields: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_corrections(fields, "GB")
    assert [error.field for error in caught.value.errors] == [field]
    assert "JSON" not in caught.value.errors[0].message, "the page shows this message to a supporter"


def a_person(number: int) -> Person:
    return Person("Person", f"person{number}@mail.example")


@pytest.fixture
def full_petition(tables: FakeTables) -> Petition:
    """A petition whose only shard has the maximum number of sources today."""
    petition = a_published_petition(tables, shards=1)
    for number in range(MAX_SOURCES):
        confirmed(tables, petition, a_person(number), source=f"source-{number}")
    return petition


def test_a_source_over_the_limit_is_counted_as_other_and_recorded_on_the_signature(
    tables: FakeTables, full_petition: Petition
) -> None:
    identity = confirmed(tables, full_petition, source="one-too-many")
    values = breakdown(full_petition, TallyDimension.SOURCE, Days(), NOW, tables).values
    assert (len(values), values[OTHER], sum(values.values())) == (MAX_SOURCES + 1, 1, MAX_SOURCES + 1)
    item = item_of(tables, full_petition, identity)
    assert (item["source"], item["counted_source"]) == ("one-too-many", OTHER)
