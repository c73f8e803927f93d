"""Whatever happens in whatever order, during a walk too: the count, its breakdowns and what the public reads agree."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import hypothesis
from hypothesis import strategies as st

from chalicelib.aws.table import Item
from chalicelib.core import keys
from chalicelib.core.errors import LinkExpired, Unavailable
from chalicelib.core.keys import Key
from chalicelib.jobs.model import new_job
from chalicelib.petitions.find import petition_as_stored
from chalicelib.projections.recount import recount
from chalicelib.removals.model import Condition, Removal, RemovalAction
from chalicelib.removals.run import RemovalWork
from chalicelib.signatures.confirm import confirm, read_corrections
from chalicelib.signatures.model import SignatureState
from chalicelib.signatures.withdraw import withdraw
from chalicelib.tallies.count import ALL_DAYS, breakdown, exact_count
from chalicelib.tallies.model import TallyDimension
from tests.actors import (
    ALICE,
    BOB,
    CHARLIE,
    DAY,
    NOW,
    Person,
    a_published_petition,
    change_item,
    identity_of,
    key_of,
    signed,
    subject_of,
)
from tests.fakes import FakeTables

PEOPLE = (ALICE, BOB, CHARLIE)
COUNTRIES = {ALICE: "GB", BOB: "FR", CHARLIE: "GB"}


class RacingTables(FakeTables):
    """While a walk has read a page, and not yet written, somebody else acts. A write's answer may be lost."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: list[Callable[[], None]] = []
        self.loses_answer = False

    def page(self, start: Key, names: Any, when: Any, most: int) -> tuple[list[Item], str | None]:
        found = super().page(start, names, when, most)
        if self.meanwhile and found[0]:
            self.meanwhile.pop()()
        return found

    def transact(self, writes: Any) -> None:
        super().transact(writes)
        if self.loses_answer:
            self.loses_answer = False
            raise Unavailable("storage")


class Petitioners:
    """Three people, of whom one is held, and what they and staff may do."""

    def __init__(self) -> None:
        self.tables = RacingTables()
        self.now = NOW
        self.petition = a_published_petition(self.tables)
        self.removals: list[Removal] = []

    def sign(self, person: Person) -> None:
        identity = signed(self.tables, self.petition, person, self.now, country=COUNTRIES[person])
        item = self.tables.items[key_of(self.petition, identity)]
        if person is CHARLIE and item["state"] == "pending":
            change_item(self.tables, self.petition, identity, held="disposable")

    def confirm(self, person: Person) -> None:
        identity = self.identity(person)
        subject = subject_of(self.petition, identity, COUNTRIES[person])
        with suppress(LinkExpired, Unavailable):
            confirm(
                subject, read_corrections({}, subject.country), self.petition, self.now, self.tables, issued=self.now
            )

    def withdraw(self, person: Person) -> None:
        with suppress(Unavailable):
            withdraw(key_of(self.petition, self.identity(person)), self.petition, self.now, self.tables)

    def identity(self, person: Person) -> str:
        return identity_of(self.petition, person)

    def remove(self, person: Person) -> None:
        job = self.run(RemovalAction.REMOVE, Condition(ids=[self.identity(person)]))
        self.removals.append(job)

    def release(self, _: Person) -> None:
        self.run(RemovalAction.RELEASE, Condition())

    def undo(self, _: Person) -> None:
        if self.removals:
            self.run(RemovalAction.UNDO, Condition(), undoes=self.removals[-1].job_id)

    def next_day(self, _: Person) -> None:
        self.now += DAY

    def lose_answer(self, _: Person) -> None:
        self.tables.loses_answer = True

    def run(self, action: RemovalAction, condition: Condition, **fields: Any) -> Removal:
        job = new_job(Removal, self.petition.slug, "bob", self.now, action=action, condition=condition, **fields)
        work = RemovalWork(lambda: self.now, self.tables)
        while job.is_open:
            with suppress(Unavailable):
                job = work.next_step(job).act()
        work.tidy(job)
        return job

    def check(self) -> None:
        self.tables.meanwhile.clear()
        self.tables.loses_answer = False
        signatures = [item for key, item in self.tables.items.items() if key.table == keys.SIGNATURES]
        counted = [item for item in signatures if item["state"] == "confirmed"]
        assert exact_count(self.petition, self.now, self.tables).confirmed == len(counted)
        for by, name in ((TallyDimension.COUNTRY, "country"), (TallyDimension.SOURCE, "source")):
            shown = breakdown(self.petition, by, ALL_DAYS, self.now, self.tables).values
            assert shown == Counter(item[name] for item in counted)
        assert not recount(self.petition, lambda: self.now + DAY, self.tables).drift
        self.check_public_removals(signatures)

    def check_public_removals(self, signatures: list[Item]) -> None:
        """Who withdrew after a removal is no longer there, but the removal took the signature out of the count."""
        of_counted = [item for item in signatures if item.get("removed_from") == SignatureState.CONFIRMED]
        removed = Counter(item["removal"] for item in of_counted)
        public = {each.id: each.count for each in petition_as_stored(self.petition.slug, self.tables).removals}
        for removal, number in removed.items():
            assert public[removal] >= number


NAMES = ("sign", "confirm", "withdraw", "remove", "undo", "release", "next_day", "lose_answer")
acts = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(PEOPLE), st.booleans()), max_size=25)


@hypothesis.given(acts)
@hypothesis.settings(max_examples=60, deadline=None)
@hypothesis.example(
    [
        ("sign", ALICE, False),
        ("confirm", ALICE, False),
        ("withdraw", ALICE, True),
        ("remove", ALICE, False),
        ("undo", ALICE, False),
    ]
)
@hypothesis.example(
    [
        ("sign", CHARLIE, False),
        ("confirm", CHARLIE, False),
        ("release", ALICE, False),
        ("remove", CHARLIE, False),
        ("undo", ALICE, False),
    ]
)
@hypothesis.example(
    [
        ("sign", ALICE, False),
        ("confirm", ALICE, True),
        ("remove", ALICE, False),
        ("sign", ALICE, False),
        ("confirm", ALICE, False),
        ("undo", ALICE, False),
        ("confirm", ALICE, False),
    ]
)
@hypothesis.example(
    [
        ("sign", ALICE, False),
        ("confirm", ALICE, False),
        ("lose_answer", ALICE, False),
        ("remove", ALICE, False),
        ("lose_answer", ALICE, False),
        ("undo", ALICE, False),
    ]
)
def test_count_breakdowns_recount_and_public_number_agree(lives: list[tuple[str, Person, bool]]) -> None:
    site = Petitioners()
    for name, person, waits_for_walk in lives:
        act = getattr(site, name)
        if waits_for_walk and name in ("sign", "confirm", "withdraw"):
            site.tables.meanwhile.append(partial(act, person))
        else:
            act(person)
    site.check()
