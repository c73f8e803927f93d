"""The activity log is append-only and read newest first."""

from datetime import UTC, datetime

from chalicelib.staff.audit.record import Action, Actor, entries, record
from tests.actors import DAY, NOW
from tests.fakes import FakeTables

BOB = Actor(token_id="0123456789abcdef", owner="bob", source_ip="192.0.2.7")


def record_action(tables: FakeTables, action: str, now: datetime = NOW) -> None:
    record(BOB, Action(name=action, subject="safe-children", details={"revision": "2"}), now, tables)


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
