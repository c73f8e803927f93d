"""The activity log is append-only and read newest first."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.core import keys
from chalicelib.core.errors import Throttled
from chalicelib.staff.audit.record import Action, Actor, entries, record
from tests.actors import DAY, NOW
from tests.fakes import FakeTables

BOB = Actor(token_id="0123456789abcdef", owner="bob", source_ip="192.0.2.7")


def record_action(tables: FakeTables, action: str, now: datetime = NOW) -> None:
    record(BOB, Action(name=action, subject="safe-children", details={"revision": "2"}), now, tables)


def test_an_entry_has_time_actor_and_action(tables: FakeTables) -> None:
    record_action(tables, "petition.edited")
    [entry] = entries(NOW - DAY, NOW, tables)
    assert (entry.at, entry.actor) == (NOW, BOB)
    assert entry.action == Action(name="petition.edited", subject="safe-children", details={"revision": "2"})


def test_two_actions_at_the_same_moment_are_two_entries(tables: FakeTables) -> None:
    record_action(tables, "token.issued")
    record_action(tables, "token.issued")
    assert len(list(entries(NOW - DAY, NOW, tables))) == 2


def test_entries_are_newest_first_across_months_and_years(tables: FakeTables) -> None:
    moments = [datetime(2025, 12, 31, 23, 59, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC), NOW]
    for moment in moments:
        record_action(tables, "petition.edited", moment)
    found = [entry.at for entry in entries(datetime(2025, 6, 1, tzinfo=UTC), NOW, tables)]
    assert found == moments[::-1]
    assert [entry.at for entry in entries(moments[1], NOW, tables)] == moments[:0:-1]


def test_reading_continues_after_a_cursor(tables: FakeTables) -> None:
    for minutes in range(5):
        record_action(tables, f"action.{minutes}", NOW - timedelta(minutes=minutes))
    all_entries = list(entries(NOW - DAY, NOW, tables))
    for index, entry in enumerate(all_entries):
        assert list(entries(NOW - DAY, NOW, tables, entry.cursor)) == all_entries[index + 1 :]


def test_a_failed_write_raises(tables: FakeTables) -> None:
    tables.fail_next(Throttled())
    with pytest.raises(Throttled):
        record_action(tables, "token.issued")
    assert not [key for key in tables.items if key.table == keys.AUDIT]
