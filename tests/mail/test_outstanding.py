"""The sweep's work depends on waiting email, not on petitions, and no request is missed because of that."""

from collections.abc import Iterable
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
from chalicelib.mail.sweep import LOST_AFTER_IF_QUIET, PASS_EVERY, SLICE_SECONDS, sweep
from chalicelib.petitions.model import Petition
from tests.actors import (
    ALICE,
    BOB,
    MINUTE,
    NOW,
    Person,
    a_mail_context,
    a_published_petition,
    item_of,
    request_of,
    signed,
)
from tests.fakes import FakeQueue, FakeTables

GROUP = "signatures/safe-children"


@pytest.fixture
def outbox() -> Outbox:
    return Outbox(FakeQueue(), FakeQueue(), SIGNATURE_KINDS)


class Site:
    """Signing, relay, sender and sweep of one petition, at the times that a test chooses."""

    def __init__(self, tables: FakeTables, petition: Petition, outbox: Outbox) -> None:
        self.tables, self.petition, self.outbox = tables, petition, outbox

    def signs(self, who: Person, at: datetime, *, relayed: bool = True) -> str:
        identity = signed(self.tables, self.petition, who, at)
        if relayed:
            relay([(None, item_of(self.tables, self.petition, identity))], at, self.outbox, self.tables)
        return identity

    def mails(self, identity: str, at: datetime) -> None:
        send(request_of(self.tables, self.petition, identity), SIGNATURE_KINDS, a_mail_context(), at, self.tables)

    def sweeps(self, at: datetime) -> int:
        return sweep(self.outbox, at, self.tables, lambda: 0.0)

    @property
    def marked(self) -> list[str]:
        return [marker.group for marker in markers(self.tables)]


@pytest.fixture
def site(tables: FakeTables, petition: Petition, outbox: Outbox) -> Site:
    return Site(tables, petition, outbox)


def calls_of_a_run(tables: FakeTables, outbox: Outbox, at: datetime) -> int:
    tables.calls.clear()
    assert sweep(outbox, at, tables, lambda: 0.0) == 1
    return len(tables.calls)


@pytest.mark.parametrize("petitions", [1, 1000])
def test_a_run_makes_as_many_calls_with_1000_petitions_as_with_one(
    tables: FakeTables, site: Site, petitions: int
) -> None:
    for number in range(petitions - 1):
        a_published_petition(tables, slug=f"petition-{number}")
    tables.put(mail_keys.mail_sweep(), {"began": iso(NOW)})
    site.signs(ALICE, NOW)
    # The position, the markers, a page for each bucket, and marking one request and the marker.
    assert calls_of_a_run(tables, site.outbox, NOW + LOST_AFTER_IF_QUIET) == 1 + 1 + len(keys.BUCKETS) + 2


class Unsigned(FakeTables):
    """Quick, although it has many partitions."""

    def page(self, *_: object) -> tuple[list[Item], str | None]:
        self._called("page")
        return [], None


def test_a_day_is_enough_for_a_pass_over_1000_petitions(outbox: Outbox) -> None:
    """A page of an empty partition takes about 5 ms. A slice ends on time, whatever it has left."""
    tables = Unsigned()
    for number in range(1000):
        a_published_petition(tables, slug=f"petition-{number}")
    runs = 0
    while "group" in tables.items.get(mail_keys.mail_sweep(), {"group": ""}):
        tables.calls.clear()
        sweep(outbox, NOW, tables, lambda: tables.calls.count("page") * 0.005)
        assert tables.calls.count("page") <= SLICE_SECONDS / 0.005
        runs += 1
    assert runs * 15 * MINUTE < PASS_EVERY / 4


def test_a_process_marks_a_petition_once_in_ten_minutes(site: Site) -> None:
    crowd = [Person(f"Person {number}", f"p{number}@mail.example") for number in range(40)]
    site.tables.calls.clear()
    for number, person in enumerate(crowd):
        site.signs(person, NOW + number * MINUTE)
    assert site.tables.calls.count("update") == 4
    assert site.marked == [GROUP]


def test_a_marker_that_cannot_be_written_delays_no_email(site: Site) -> None:
    identity = signed(site.tables, site.petition)
    item = item_of(site.tables, site.petition, identity)
    site.tables.fail_next(Throttled())
    assert relay([(None, item)], NOW, site.outbox, site.tables) == 1
    assert site.marked == []
    relay([(None, item)], NOW, site.outbox, site.tables)
    assert site.marked == [GROUP], "the next request tries again"


def test_a_group_without_open_requests_loses_its_marker(site: Site) -> None:
    site.mails(site.signs(ALICE, NOW), NOW)
    site.sweeps(NOW + MINUTE)
    assert site.marked == [GROUP], "a process may still rely on it"
    site.sweeps(NOW + MINUTE + LOST_AFTER_IF_QUIET)
    assert site.marked == []


def test_a_request_that_no_marker_announces_is_found_within_a_day(site: Site) -> None:
    """Its stream record was lost, and the pass had already been at its petition."""
    site.sweeps(NOW)
    site.signs(ALICE, NOW, relayed=False)
    assert site.sweeps(NOW + PASS_EVERY - MINUTE) == 0
    assert site.sweeps(NOW + PASS_EVERY) == 1


def _minutes(*numbers: int) -> Iterable[timedelta]:
    return (number * MINUTE for number in numbers)


@pytest.mark.parametrize("first_walk", [*_minutes(1, 5, 9, 10, 14, 15, 16, 20)])
@pytest.mark.parametrize("later", [*_minutes(1, 5, 9, 11, 14, 16)])
def test_a_request_relayed_during_a_walk_keeps_its_marker(site: Site, first_walk: timedelta, later: timedelta) -> None:
    """Bob signs when the walk has passed his bucket. The relay's process marked the petition for Alice already."""
    site.mails(site.signs(ALICE, NOW), NOW)
    [marker] = markers(site.tables)
    walk = outstanding.marker_with_walk(marker, NOW + first_walk)
    site.signs(BOB, NOW + first_walk + later)
    outstanding.end_walk(walk, LOST_AFTER_IF_QUIET, site.tables)
    assert site.marked == [GROUP]
    assert site.sweeps(NOW + first_walk + later + 2 * LOST_AFTER_IF_QUIET) == 1


def test_a_process_with_a_slow_clock_does_not_turn_a_marker_back(tables: FakeTables) -> None:
    mark_unless_recent([GROUP], NOW, tables)
    forget_marked()
    mark_unless_recent([GROUP], NOW - SLACK, tables)
    assert [marker.marked_at for marker in markers(tables)] == ["2026-11-24T12:00:00Z"]
    mark_unless_recent([GROUP], NOW - SLACK + MARK_EVERY, tables)
    assert [marker.marked_at for marker in markers(tables)] == ["2026-11-24T12:05:00Z"]


def test_a_marker_of_a_kind_that_no_longer_exists_stops_nothing(site: Site) -> None:
    outstanding.mark("deliveries/removed", NOW, site.tables)
    site.signs(ALICE, NOW)
    assert site.sweeps(NOW + LOST_AFTER_IF_QUIET) == 1
