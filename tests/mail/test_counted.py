"""The counters always equal the numbers of emails, even if calls are repeated, late, out of order or interrupted."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st

from chalicelib.aws.table import Change, Item, NewItem, Tables
from chalicelib.core import keys
from chalicelib.core.errors import Conflicted, PetitionsError, Unavailable
from chalicelib.core.keys import Key
from chalicelib.mail.counted import REQUESTED, CountedDeliveries
from chalicelib.mail.deliveries import outcome_of
from chalicelib.mail.model import MailRequest
from tests.actors import NOW
from tests.fakes import FakeTables

LEASE = timedelta(seconds=90)
DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class CountedLetters(CountedDeliveries):
    def counter_change(self, key: str, day: date, numbers: Mapping[str, int], tables: Tables) -> Change:
        return Change(Key(keys.COUNTS, "LETTERS", day.isoformat()), add=numbers)


STATE = CountedLetters(kind="letter", lifetime=DAY)


class FaultyTransactions(FakeTables):
    """Each transaction may conflict, fail before it is done, or lose its answer after it is done."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__()
        self.faults = [*faults]

    def transact(self, writes: Sequence[Change | NewItem]) -> None:
        fault = self.faults.pop() if self.faults else "none"
        if fault == "conflict":
            raise Conflicted("storage")
        if fault == "before":
            raise Unavailable("storage")
        super().transact(writes)
        if fault == "after":
            raise Unavailable("storage")


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.signatures.counted.sleep", lambda _: None)


def numbers_of(item: Item) -> dict[str, int]:
    return {name: number for name, number in item.items() if name not in ("pk", "sk")}


def counters(tables: FakeTables) -> Counter[str]:
    sums: Counter[str] = Counter()
    for item in list(tables.query(keys.COUNTS, "LETTERS")):
        sums.update(numbers_of(item))
    return +sums


def counters_from_deliveries(tables: FakeTables) -> Counter[str]:
    deliveries = [item for key, item in tables.items.items() if key.table == keys.DELIVERIES]
    numbers = Counter(str(outcome_of(item)) for item in deliveries)
    del numbers["waiting"]
    numbers[REQUESTED] = len(deliveries)
    return +numbers


def run_step(name: str, key: str, hours: int, tables: Tables) -> None:
    now = NOW + timedelta(hours=hours)
    request = MailRequest(kind="letter", key=key, requested_at="2026-11-24T12:00:00Z")
    functions: dict[str, Callable[[], object]] = {
        "request": lambda: STATE.request(key, NOW, tables),
        "again": lambda: STATE.request_again(key, NOW, tables),
        "claim": lambda: STATE.claim(request, now, LEASE, tables),
        "begin": lambda: STATE.begin(request, now, tables),
        "sent": lambda: STATE.mark_sent(request, now, tables),
        "unknown": lambda: STATE.mark_unknown(request, now, tables),
        "refused": lambda: STATE.mark_refused(request, now, tables),
        "drop": lambda: STATE.drop(request, now, tables),
        "bounced": lambda: STATE.mark_undeliverable(key, "bounced", now, tables),
        "complained": lambda: STATE.mark_undeliverable(key, "complained", now, tables),
    }
    with suppress(PetitionsError):
        functions[name]()


STEP_NAMES = ("request", "again", "claim", "begin", "sent", "unknown", "refused", "drop", "bounced", "complained")
STEPS = st.lists(st.tuples(st.sampled_from(STEP_NAMES), st.sampled_from("ab"), st.integers(0, 60)), max_size=30)
FAULTS = st.lists(st.sampled_from(("none", "none", "conflict", "before", "after")), max_size=40)


@given(STEPS, FAULTS)
def test_the_counters_equal_the_emails_after_every_step(steps: list[Any], faults: list[str]) -> None:
    tables = FaultyTransactions(faults)
    for name, key, hours in steps:
        run_step(name, key, hours, tables)
        assert counters(tables) == counters_from_deliveries(tables)
    for item in list(tables.query(keys.COUNTS, "LETTERS")):
        assert all(number >= 0 for number in numbers_of(item).values()), "a day is never below 0"


def counters_by_day(tables: FakeTables) -> dict[str, dict[str, int]]:
    """Return the counters that are not 0, by day."""
    by_day = {}
    for item in tables.query(keys.COUNTS, "LETTERS"):
        by_day[item["sk"]] = {name: number for name, number in numbers_of(item).items() if number}
    return by_day


def test_a_bounce_moves_the_email_from_the_day_it_was_sent_to_the_day_of_the_bounce(tables: FakeTables) -> None:
    request = STATE.request("a", NOW, tables)
    STATE.claim(request, NOW + DAY, LEASE, tables)
    STATE.mark_sent(request, NOW + DAY, tables)
    assert counters_by_day(tables) == {"2026-11-24": {"requested": 1}, "2026-11-25": {"sent": 1}}
    for _ in range(2):
        STATE.mark_undeliverable("a", "bounced", NOW + 2 * DAY, tables)
    assert counters_by_day(tables) == {"2026-11-24": {"requested": 1}, "2026-11-25": {}, "2026-11-26": {"failed": 1}}


def test_after_many_conflicts_the_request_raises(tables: FakeTables) -> None:
    tables.fail_next(*[Conflicted("storage")] * 20)
    with pytest.raises(Conflicted):
        STATE.request("a", NOW, tables)


@pytest.mark.parametrize("reason", ["bounced", "complained"])
def test_an_email_that_is_marked_as_sent_while_its_feedback_is_handled_counts_once(reason: str) -> None:
    class MarkedAsSentDuringRead(FakeTables):
        def get(self, key: Key, *, consistent: bool = False) -> dict[str, Any] | None:
            found = super().get(key, consistent=consistent)
            STATE.mark_sent(request, NOW, self)
            return found

    tables = MarkedAsSentDuringRead()
    request = STATE.request("a", NOW, tables)
    STATE.mark_undeliverable("a", reason, NOW, tables)
    assert counters(tables) == counters_from_deliveries(tables)
    assert counters(tables) == {"requested": 1, "failed" if reason == "bounced" else "sent": 1}
