"""Whatever two addresses of one person do, with writes that get lost, the counts and projections stay exact."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st

from chalicelib.core import keys
from chalicelib.core.address import read_address
from chalicelib.core.errors import PetitionsError, Unavailable
from chalicelib.petitions.model import Petition
from chalicelib.projections.breakdowns import pending_count
from chalicelib.projections.changes import increments, project, stages_passed
from chalicelib.projections.funnel import Stage
from chalicelib.projections.recount import recount
from chalicelib.signatures.confirm import confirm, read_corrections
from chalicelib.signatures.look_up import find_by_id
from chalicelib.signatures.owner import correct, move
from chalicelib.signatures.withdraw import erase, withdraw
from chalicelib.tallies.count import exact_count
from tests.actors import ALICE, BOB, MINUTE, NOW, a_published_petition, identity_of, key_of, signed, subject_of
from tests.fakes import FakeTables

PEOPLE = (ALICE, BOB)
VERBS = ("sign", "confirm", "confirm", "withdraw", "erase", "correct", "move", "move", "move")
ACTIONS = st.tuples(st.sampled_from(VERBS), st.integers(0, 1), st.sampled_from(["", "", "before", "after"]))


class Life:
    def __init__(self) -> None:
        self.tables = FakeTables()
        self.petition = a_published_petition(self.tables)
        self.now, self.position, self.stages = NOW, 0, [0, 0]

    def act(self, verb: str, number: int, fault: str) -> None:
        self.now += MINUTE
        before = {key: dict(item) for key, item in self.tables.items.items()}
        with Fault(self.tables, fault), suppress(PetitionsError):
            do(verb, number, self.petition, self.now, self.tables)
        self.read_stream(before)

    def read_stream(self, before: dict[keys.Key, dict[str, object]]) -> None:
        for key in {*before, *self.tables.items}:
            old, new = before.get(key), self.tables.items.get(key)
            if key.table == keys.SIGNATURES and old != new:
                self.position += 1
                images: list[Any] = [{**item, "pk": key.pk, "sk": key.sk} if item else None for item in (old, new)]
                project(increments(f"{self.position:05}", images[0], images[1], self.now), self.tables)
                passed = [*stages_passed(images[0] or {}, images[1] or {}, self.now)]
                self.stages[0] += passed.count(Stage.CONFIRMED)
                self.stages[1] += passed.count(Stage.WITHDRAWN)

    def check(self) -> None:
        items = [item for key, item in self.tables.items.items() if key.table == keys.SIGNATURES]
        states = [item["state"] for item in items]
        assert exact_count(self.petition, self.now, self.tables).confirmed == states.count("confirmed")
        assert pending_count(self.petition.slug, self.tables) == states.count("pending")
        assert self.stages[0] - self.stages[1] <= states.count("confirmed") <= self.stages[0]
        found = recount(self.petition, lambda: self.now + timedelta(hours=1), self.tables)
        assert (found.drift, found.wrong_pending) == ({}, {})


class Fault:
    """The next transaction is lost before its write, or its answer is lost after it."""

    def __init__(self, tables: FakeTables, fault: str) -> None:
        self.tables, self.fault, self.transact = tables, fault, tables.transact

    def __enter__(self) -> None:
        if self.fault:
            self.tables.transact = self.lost  # type: ignore[method-assign]

    def __exit__(self, *_: object) -> None:
        self.tables.transact = self.transact  # type: ignore[method-assign]

    def lost(self, writes: object) -> None:
        if self.fault == "after":
            self.transact(writes)  # type: ignore[arg-type]
        raise Unavailable("storage")


def do(verb: str, number: int, petition: Petition, now: datetime, tables: FakeTables) -> None:
    person, other = PEOPLE[number], PEOPLE[1 - number]
    identity = identity_of(petition, person)
    found = find_by_id(petition, identity, now, tables)
    if verb == "sign":
        signed(tables, petition, person, now)
    elif verb == "confirm":
        confirm(subject_of(petition, identity), read_corrections({}, "GB"), petition, now, tables)
    elif verb == "withdraw":
        withdraw(key_of(petition, identity), petition, now, tables)
    elif verb == "erase":
        erase(key_of(petition, identity), petition, now, tables)
    elif found and verb == "correct":
        correct(found, {"name": f"Alice {now.minute}a"}, now, tables)
    elif found:
        move(found, read_address(other.email), identity_of(petition, other), now, tables)


@given(actions=st.lists(ACTIONS, max_size=12))
def test_after_any_actions_of_two_addresses_every_number_agrees(actions: list[tuple[str, int, str]]) -> None:
    life = Life()
    for action in actions:
        life.act(*action)
        life.check()


@pytest.mark.parametrize("fault", ["before", "after"])
def test_a_move_whose_answer_is_lost_is_done_once_by_a_retry(fault: str) -> None:
    life = Life()
    for action in (("sign", 0, ""), ("confirm", 0, ""), ("move", 0, fault), ("move", 0, "")):
        life.act(*action)
    life.check()
    states = [life.tables.items[key_of(life.petition, identity_of(life.petition, each))]["state"] for each in PEOPLE]
    assert states == ["withdrawn", "confirmed"]
