"""The sweep's work grows with the emails that wait, not with the petitions, and still no request is missed."""

from datetime import datetime, timedelta

import pytest

from chalicelib.aws.table import Item
from chalicelib.core import keys, mail_keys
from chalicelib.core.errors import Throttled
from chalicelib.core.times import iso
from chalicelib.mail import outstanding
from chalicelib.mail.outbox import Outbox
from chalicelib.mail.outstanding import MARK_EVERY, SLACK, forget_marked, mark_unless_recent, markers
from chalicelib.mail.relay import relay
from chalicelib.mail.send import send
from chalicelib.mail.signature_kinds import SIGNATURE_KINDS
from chalicelib.mail.sweep import LOST_AFTER_IF_NO_BACKLOG, PASS_EVERY, SLICE_SECONDS, sweep
from chalicelib.petitions.model import Petition
from tests.actors import ALICE, BOB, MINUTE, NOW, Person, a_mail_context, item_of, request_of, signed
from tests.fakes import FakeQueue, FakeTables

GROUP = "signatures/safe-children"


@pytest.fixture
def outbox() -> Outbox:
    return Outbox(FakeQueue(), FakeQueue(), SIGNATURE_KINDS)


class MailSteps:
    """Signing, relay, sender and sweep of one petition, at the times that a test chooses."""

    def __init__(self, tables: FakeTables, petition: Petition, outbox: Outbox) -> None:
        self.tables, self.petition, self.outbox = tables, petition, outbox

    def sign(self, who: Person, at: datetime, *, relayed: bool = True) -> str:
        identity = signed(self.tables, self.petition, who, at)
        if relayed:
            relay([(None, item_of(self.tables, self.petition, identity))], at, self.outbox, self.tables)
        return identity

    def send(self, identity: str, at: datetime) -> None:
        send(request_of(self.tables, self.petition, identity), SIGNATURE_KINDS, a_mail_context(), at, self.tables)

    def sweep(self, at: datetime) -> int:
        return sweep(self.outbox, at, self.tables, lambda: 0.0)

    @property
    def marked_groups(self) -> list[str]:
        return [marker.group for marker in markers(self.tables)]


@pytest.fixture
def steps(tables: FakeTables, petition: Petition, outbox: Outbox) -> MailSteps:
    return MailSteps(tables, petition, outbox)


def count_calls_of_a_run(tables: FakeTables, outbox: Outbox, at: datetime) -> int:
    tables.calls.clear()
    assert sweep(outbox, at, tables, lambda: 0.0) == 1
    return len(tables.calls)


@pytest.mark.parametrize("petitions", [1, 1000])
def test_a_run_makes_as_many_calls_with_1000_petitions_as_with_one(
    tables: FakeTables, steps: MailSteps, petitions: int
) -> None:
    for number in range(petitions - 1):
        tables.put(keys.petition(f"petition-{number}"), {})
    tables.put(mail_keys.mail_sweep(), {"began": iso(NOW)})
    steps.sign(ALICE, NOW)
    # Reads of the position, the markers and a page for each bucket; writes to the request and the marker.
    assert count_calls_of_a_run(tables, steps.outbox, NOW + LOST_AFTER_IF_NO_BACKLOG) == 1 + 1 + len(keys.BUCKETS) + 2


class EmptyPages(FakeTables):
    """Answers at once with an empty page, because real pages of many partitions would make the test slow."""

    def page(self, *_: object) -> tuple[list[Item], str | None]:
        self._called("page")
        return [], None


def test_a_day_is_enough_for_a_pass_over_1000_petitions(outbox: Outbox) -> None:
    """A page of an empty partition takes about 5 ms. A slice ends on time, however much is left."""
    tables = EmptyPages()
    for number in range(1000):
        tables.put(keys.petition(f"petition-{number}"), {})
    runs = 0
    while "group" in tables.items.get(mail_keys.mail_sweep(), {"group": ""}):
        tables.calls.clear()
        sweep(outbox, NOW, tables, lambda: tables.calls.count("page") * 0.005)
        assert tables.calls.count("page") <= SLICE_SECONDS / 0.005
        runs += 1
    assert runs * 15 * MINUTE < PASS_EVERY / 4


def test_a_process_marks_a_petition_once_in_ten_minutes(steps: MailSteps) -> None:
    people = [Person(f"Person {number}", f"p{number}@mail.example") for number in range(40)]
    steps.tables.calls.clear()
    for number, person in enumerate(people):
        steps.sign(person, NOW + number * MINUTE)
    assert steps.tables.calls.count("update") == 4
    assert steps.marked_groups == [GROUP]


def test_a_marker_that_cannot_be_written_delays_no_email(steps: MailSteps) -> None:
    identity = signed(steps.tables, steps.petition)
    item = item_of(steps.tables, steps.petition, identity)
    steps.tables.fail_next(Throttled())
    assert relay([(None, item)], NOW, steps.outbox, steps.tables) == 1
    assert steps.marked_groups == []
    relay([(None, item)], NOW, steps.outbox, steps.tables)
    assert steps.marked_groups == [GROUP], "the next request tries again"


def test_a_group_without_open_requests_loses_its_marker(steps: MailSteps) -> None:
    steps.send(steps.sign(ALICE, NOW), NOW)
    steps.sweep(NOW + MINUTE)
    assert steps.marked_groups == [GROUP], "a process may still rely on the marker"
    steps.sweep(NOW + MINUTE + LOST_AFTER_IF_NO_BACKLOG)
    assert steps.marked_groups == []


def test_a_request_that_no_marker_announces_is_found_within_a_day(steps: MailSteps) -> None:
    """Its stream record was lost, and the pass had already read its petition."""
    steps.sweep(NOW)
    steps.sign(ALICE, NOW, relayed=False)
    assert steps.sweep(NOW + PASS_EVERY - MINUTE) == 0
    assert steps.sweep(NOW + PASS_EVERY) == 1


@pytest.mark.parametrize("first_walk", [9 * MINUTE, 15 * MINUTE])
@pytest.mark.parametrize("later", [1 * MINUTE, 9 * MINUTE, 11 * MINUTE])
def test_a_request_relayed_during_a_walk_keeps_its_marker(
    steps: MailSteps, first_walk: timedelta, later: timedelta
) -> None:
    """Bob signs when the walk has passed his bucket. The relay's process had already marked the petition for Alice."""
    steps.send(steps.sign(ALICE, NOW), NOW)
    [marker] = markers(steps.tables)
    walk = outstanding.begin_or_resume_walk(marker, NOW + first_walk)
    steps.sign(BOB, NOW + first_walk + later)
    outstanding.end_walk(walk, LOST_AFTER_IF_NO_BACKLOG, steps.tables)
    assert steps.marked_groups == [GROUP]
    assert steps.sweep(NOW + first_walk + later + 2 * LOST_AFTER_IF_NO_BACKLOG) == 1


def test_a_process_with_a_slow_clock_does_not_set_a_marker_to_an_earlier_time(tables: FakeTables) -> None:
    mark_unless_recent([GROUP], NOW, tables)
    forget_marked()
    mark_unless_recent([GROUP], NOW - SLACK, tables)
    assert [marker.marked_at for marker in markers(tables)] == ["2026-11-24T12:00:00Z"]
    mark_unless_recent([GROUP], NOW - SLACK + MARK_EVERY, tables)
    assert [marker.marked_at for marker in markers(tables)] == ["2026-11-24T12:05:00Z"]


def test_a_marker_of_a_kind_that_no_longer_exists_does_not_stop_the_sweep(steps: MailSteps) -> None:
    outstanding.mark("deliveries/removed", NOW, steps.tables)
    steps.sign(ALICE, NOW)
    assert steps.sweep(NOW + LOST_AFTER_IF_NO_BACKLOG) == 1
