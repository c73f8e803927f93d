"""Overflow: what the table does not take waits in a queue, and is one signature and one mail in the end."""

import copy
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from chalicelib.aws.expressions import NewItem
from chalicelib.aws.table import Change, Item
from chalicelib.core import keys
from chalicelib.core.errors import Throttled, Unavailable
from chalicelib.petitions.model import Petition
from chalicelib.shedding.level import Level
from chalicelib.signatures import overflow
from chalicelib.signatures.model import UNMAILED_LIFETIME, Finished
from chalicelib.signatures.sign import Outcome, finish
from chalicelib.signatures.withdraw import withdraw
from tests.actors import (
    ALICE,
    DAY,
    MINUTE,
    NOW,
    SECRET,
    Person,
    a_form,
    a_published_petition,
    confirmed,
    item_of,
    key_of,
    request_of,
    signed,
)
from tests.fakes import FakeQueue, FakeTables
from tests.signatures import test_life as life
from tests.signatures.test_sign import mailed, signatures_in

HOUR = timedelta(hours=1)


def finished(petition: Petition, now: datetime = NOW, person: Person = ALICE, **changes: Any) -> Finished:
    return finish(a_form(person, **changes), "form", petition, SECRET, now)


def through_the_queue(one: Finished, queue: FakeQueue) -> Finished:
    """As the worker finds it."""
    overflow.accept(one, Level.ACCEPT_ONLY, NOW, FakeTables(), lambda: queue)
    return Finished.model_validate(queue.messages[-1])


def no_queue() -> FakeQueue:
    raise AssertionError("a client is built that nobody needs")


def test_a_table_that_answers_needs_no_queue(tables: FakeTables, petition: Petition) -> None:
    assert overflow.accept(finished(petition), Level.NORMAL, NOW, tables, no_queue) is Outcome.ACCEPTED
    assert overflow.accept(finished(petition), Level.SNAPSHOT_ONLY, NOW, tables, no_queue) is Outcome.REPEATED


@pytest.mark.parametrize("failure", [Throttled("storage"), Unavailable("storage")])
def test_what_the_table_does_not_take_is_kept_later_as_if_nothing_had_happened(
    tables: FakeTables, petition: Petition, queue: FakeQueue, failure: Exception
) -> None:
    one = finished(petition, updates=True, country="NL", postcode="1012 AB", source="bbc")
    tables.fail_next(failure)
    assert overflow.accept(one, Level.NORMAL, NOW, tables, lambda: queue) is Outcome.OVERFLOWED
    assert not signatures_in(tables)
    assert overflow.store(Finished.model_validate(queue.messages[0]), NOW + HOUR, tables) is Outcome.ACCEPTED
    late, usual = tables.items[one.key], FakeTables()
    assert signed(usual, petition, updates=True, country="NL", postcode="1012 AB", source="bbc") == one.signature_id
    assert late == usual.items[one.key], "the moment of signing and of wanting a mail are the original ones"


def test_who_is_refused_by_table_and_queue_hears_so(tables: FakeTables, petition: Petition, queue: FakeQueue) -> None:
    tables.fail_next(Throttled("storage"))
    queue.fail_next(Throttled("queue"))
    with pytest.raises(Unavailable):
        overflow.accept(finished(petition), Level.NORMAL, NOW, tables, lambda: queue)
    assert not signatures_in(tables)
    assert not queue.messages


def test_a_bug_is_no_reason_to_overflow(tables: FakeTables, petition: Petition) -> None:
    tables.fail_next(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        overflow.accept(finished(petition), Level.NORMAL, NOW, tables, no_queue)


def test_a_repetition_the_table_cannot_note_overflows_too(
    tables: FakeTables, petition: Petition, queue: FakeQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = signed(tables, petition)
    mailed(tables, petition, identity)
    monkeypatch.setattr(tables, "update", _refuse)
    again = finished(petition, NOW + HOUR)
    assert overflow.accept(again, Level.NORMAL, NOW + HOUR, tables, lambda: queue) is Outcome.OVERFLOWED
    monkeypatch.undo()
    assert overflow.store(again, NOW + 2 * HOUR, tables) is Outcome.REPEATED
    assert request_of(tables, petition, identity).kind == "confirm"


def _refuse(_: Change) -> Item:
    raise Throttled("storage")


class TookItSilently(FakeTables):
    """The put works and its answer is lost."""

    def put_new(self, new: NewItem) -> None:
        super().put_new(new)
        if new.key.table == keys.SIGNATURES:
            raise Unavailable("storage")


def test_a_table_that_took_it_without_saying_so_makes_one_signature_and_one_mail(queue: FakeQueue) -> None:
    tables = TookItSilently()
    petition = a_published_petition(tables)
    one = finished(petition, NOW.replace(microsecond=123456))
    assert overflow.accept(one, Level.NORMAL, NOW, tables, lambda: queue) is Outcome.OVERFLOWED
    mailed(tables, petition, one.signature_id, NOW + MINUTE)
    as_it_was = copy.deepcopy(tables.items)
    message = Finished.model_validate(queue.messages[0])
    for moment in (NOW + 2 * MINUTE, NOW + DAY):
        assert overflow.store(message, moment, tables) is Outcome.OVERTAKEN
        assert tables.items == as_it_was


def test_a_message_that_comes_twice_is_one_signature_and_one_mail(tables: FakeTables, petition: Petition) -> None:
    one = finished(petition)
    assert overflow.store(one, NOW + HOUR, tables) is Outcome.ACCEPTED
    mailed(tables, petition, one.signature_id, NOW + HOUR)
    for moment in (NOW + HOUR, NOW + 2 * HOUR, NOW + 10 * DAY):
        assert overflow.store(one, moment, tables) is Outcome.OVERTAKEN
    assert "mail_kind" not in item_of(tables, petition, one.signature_id)


def test_a_repetition_that_comes_twice_is_one_mail(tables: FakeTables, petition: Petition) -> None:
    identity = confirmed(tables, petition)
    again = finished(petition, NOW + HOUR)
    assert overflow.store(again, NOW + 2 * HOUR, tables) is Outcome.REPEATED
    mailed(tables, petition, identity, NOW + 2 * HOUR)
    assert overflow.store(again, NOW + 3 * HOUR, tables) is Outcome.OVERTAKEN
    assert item_of(tables, petition, identity)["mails"] == 1


def withdrawn(tables: FakeTables, petition: Petition, identity: str, now: datetime) -> None:
    withdraw(key_of(petition, identity), petition, now, tables)


def confirmed_later(tables: FakeTables, petition: Petition, identity: str, now: datetime) -> None:
    confirmed(tables, petition, now=now)


@pytest.mark.parametrize("then", [withdrawn, confirmed_later])
@pytest.mark.parametrize("after", [timedelta(0), MINUTE])
def test_what_its_owner_did_since_has_the_last_word(
    tables: FakeTables, petition: Petition, then: Callable[..., None], after: timedelta
) -> None:
    identity = signed(tables, petition)
    message = finished(petition, NOW + HOUR)
    then(tables, petition, identity, NOW + HOUR + after)
    as_it_was = copy.deepcopy(tables.items)
    assert overflow.store(message, NOW + 5 * HOUR, tables) is Outcome.OVERTAKEN
    assert tables.items == as_it_was


def test_who_signed_after_withdrawing_has_signed(tables: FakeTables, petition: Petition) -> None:
    identity = confirmed(tables, petition)
    withdrawn(tables, petition, identity, NOW + HOUR)
    assert overflow.store(finished(petition, NOW + 2 * HOUR), NOW + 5 * HOUR, tables) is Outcome.REPEATED
    item = item_of(tables, petition, identity)
    assert (item["state"], item["signed_at"]) == ("pending", "2026-11-24T14:00:00Z")


def test_a_mail_on_its_way_while_they_withdrew_does_not_swallow_a_later_signature(
    tables: FakeTables, petition: Petition
) -> None:
    identity = signed(tables, petition)
    withdrawn(tables, petition, identity, NOW + MINUTE)
    tables.items[key_of(petition, identity)] |= {"mailed_at": "2026-11-24T12:03:00Z", "mails": 1}
    overflow.store(finished(petition, NOW + 2 * MINUTE), NOW + HOUR, tables)
    assert item_of(tables, petition, identity)["state"] == "pending"


def test_a_signature_is_kept_though_the_petition_has_closed_since(tables: FakeTables, petition: Petition) -> None:
    one = finished(petition)
    a_published_petition(tables, closes_at=NOW + MINUTE)
    assert overflow.store(one, NOW + HOUR, tables) is Outcome.ACCEPTED
    assert item_of(tables, petition, one.signature_id)["state"] == "pending"


def test_past_the_mail_limits_nothing_more_is_asked_for(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition)
    mailed(tables, petition, identity)
    tables.items[key_of(petition, identity)]["mails"] = 5
    assert overflow.store(finished(petition, NOW + HOUR), NOW + 2 * HOUR, tables) is Outcome.REPEATED
    assert "mail_kind" not in item_of(tables, petition, identity)


def test_a_message_older_than_a_signature_may_wait_brings_nobody_back(tables: FakeTables, petition: Petition) -> None:
    one = finished(petition)
    assert overflow.store(one, NOW + UNMAILED_LIFETIME, tables) is Outcome.OVERTAKEN
    assert not signatures_in(tables)


def test_the_message_says_the_same_after_its_way_through_the_queue(petition: Petition, queue: FakeQueue) -> None:
    one = finished(petition, updates=True, postcode="M1 1AE", source="bbc")
    assert through_the_queue(one, queue) == one


# Any order of all of it.

KINDS = st.sampled_from(["refused", "silent", "accept-only"])
RETENTION = timedelta(days=14)


class LifeWithOverflow(life.Life):
    """Besides all that may happen anyway: a table that fails before or after the put, and messages in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[Finished] = []

    @rule(person=life.PEOPLE, country=life.COUNTRIES, source=life.SOURCES, kind=KINDS)
    def sign_while_the_table_fails(self, person: Person, country: str, source: str | None, kind: str) -> None:
        one = finished(self.petition, self.now, person, country=country, source=source)
        queue = FakeQueue()
        if kind == "refused":
            self.tables.fail_next(Throttled("storage"))
        if kind == "silent":
            overflow.accept(one, Level.NORMAL, self.now, self.tables, lambda: queue)
        overflow.accept(
            one, Level.ACCEPT_ONLY if kind != "refused" else Level.NORMAL, self.now, self.tables, lambda: queue
        )
        self.waiting += map(Finished.model_validate, queue.messages)

    @precondition(lambda self: self.waiting)
    @rule(which=st.integers(0, 100))
    def store(self, which: int) -> None:
        """One message, which stays: any may come again, until SQS forgets it."""
        one = self.waiting[which % len(self.waiting)]
        if self.now - one.signature.signed_at >= RETENTION:
            return
        before = copy.deepcopy(self.tables.items.get(one.key))
        overflow.store(one, self.now, self.tables)
        after = self.tables.items[one.key]
        if before and before.get("withdrawn_at", "") >= after_signing(one):
            assert after == before, "a later withdrawal wins"
        else:
            assert after["state"] in ("pending", "confirmed"), "202 was said; nothing is kept"
        if before and before["signed_at"] >= after_signing(one):
            assert after == before, "it lies there already, or something newer does"


def after_signing(one: Finished) -> str:
    return one.signature.signed_at.strftime("%Y-%m-%dT%H:%M:%SZ")


TestLifeWithOverflow = LifeWithOverflow.TestCase
TestLifeWithOverflow.settings = hypothesis.settings(life.TestLife.settings)
