"""The sweep finds the requests that every queue has lost, and no others, in bounded runs."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count

import pytest

from chalicelib.aws.queue import Outgoing
from chalicelib.aws.table import Item
from chalicelib.core import keys
from chalicelib.core.errors import Throttled
from chalicelib.core.keys import mail_sweep
from chalicelib.core.times import iso
from chalicelib.mail import outstanding, sweep as sweep_module
from chalicelib.mail.kind import Outbox
from chalicelib.mail.model import MailRequest
from chalicelib.mail.outstanding import mark, markers
from chalicelib.mail.relay import relay
from chalicelib.mail.send import send
from chalicelib.mail.signature_kinds import SIGNATURE_KINDS, delivery_key
from chalicelib.mail.sweep import (
    LOST_AFTER_IF_BACKLOG,
    LOST_AFTER_IF_NO_BACKLOG,
    PASS_EVERY,
    REQUEUE_AFTER,
    SLICE_SECONDS,
    sweep,
)
from chalicelib.petitions.model import Petition
from chalicelib.signatures.mail_state import mark_undeliverable
from tests.actors import (
    ALICE,
    BOB,
    MINUTE,
    NOW,
    Person,
    a_mail_context,
    a_published_petition,
    change_item,
    claim_mail,
    identity_of,
    item_of,
    key_of,
    request_of,
    signed,
)
from tests.fakes import FakeQueue, FakeTables

LATER = NOW + 2 * LOST_AFTER_IF_NO_BACKLOG


@pytest.fixture
def outbox() -> Outbox:
    return Outbox(FakeQueue(), FakeQueue(), SIGNATURE_KINDS)


def requests_in(outbox: Outbox) -> list[MailRequest]:
    """Return all queued requests, urgent ones first."""
    messages = [queue.messages for queue in (outbox.urgent, outbox.other) if isinstance(queue, FakeQueue)]
    return [MailRequest.model_validate(message) for some in messages for message in some]


def run_sweep(outbox: Outbox, tables: FakeTables, now: datetime = LATER) -> int:
    return sweep(outbox, now, tables, lambda: 0.0)


def a_ticking_clock(seconds: float) -> Callable[[], float]:
    """Return a clock that moves this far each time that it is read."""
    return count(0.0, seconds).__next__


def sign_many(tables: FakeTables, petition: Petition, people: int) -> list[str]:
    return [signed(tables, petition, Person(f"Person {one}", f"p{one}@mail.example")) for one in range(people)]


def test_an_unknown_kind_does_not_stop_other_requests(tables: FakeTables, petition: Petition, outbox: Outbox) -> None:
    change_item(tables, petition, signed(tables, petition, BOB), mail_kind="removed")
    alice = request_of(tables, petition, signed(tables, petition))
    run_sweep(outbox, tables)
    assert requests_in(outbox) == [alice]


def test_queued_settled_bounced_claimed_and_postponed_requests_are_skipped(
    tables: FakeTables, petition: Petition, outbox: Outbox
) -> None:
    fresh, mailed, bounced, claimed, postponed = sign_many(tables, petition, 5)
    change_item(tables, petition, fresh, mail_requested_at="2026-11-24T13:30:00Z")
    send(request_of(tables, petition, mailed), SIGNATURE_KINDS, a_mail_context(), NOW, tables)
    mark_undeliverable(key_of(petition, bounced), "bounced", tables)
    claim_mail(tables, petition, claimed, LATER)
    change_item(tables, petition, postponed, mail_due_at=iso(LATER + MINUTE))
    assert run_sweep(outbox, tables) == 0
    assert requests_in(outbox) == []


def test_with_a_busy_queue_a_request_is_queued_again_every_12_days(
    tables: FakeTables, petition: Petition, outbox: Outbox
) -> None:
    """Three weeks of backlog: SES sends a part each day, and SQS deletes messages after 14 days."""
    sign_many(tables, petition, 3)
    for queue in (outbox.urgent, outbox.other):
        queue.send([Outgoing({})] * (sweep_module.BACKLOG_DEPTH // 2 + 1))
    began = NOW + LOST_AFTER_IF_BACKLOG - REQUEUE_AFTER
    counts = [run_sweep(outbox, tables, began + number * REQUEUE_AFTER) for number in range(4 * 14)]
    assert counts == [0, 3, *[0] * (4 * 12 - 1), 3, *[0] * 6]


def test_a_run_is_bounded_and_the_next_run_continues(
    tables: FakeTables, petition: Petition, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep_module, "PAGE_SIZE", 2)
    identities = sign_many(tables, petition, 100)
    numbers = []
    for _ in range(10):
        tables.calls.clear()
        numbers.append(sweep(outbox, LATER, tables, a_ticking_clock(SLICE_SECONDS / 5)))
        assert tables.calls.count("page") <= 5 * sweep_module.RUN_SECONDS / SLICE_SECONDS
    assert all(numbers[:3]), "each run queues a part"
    queued = [request.key for request in requests_in(outbox)]
    assert sorted(queued) == sorted(delivery_key(petition.slug, identity) for identity in identities)


def test_a_lost_request_does_not_wait_for_the_walk_of_another_petition(
    tables: FakeTables, petition: Petition, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Alice's petition comes last by name, and one run is too short for the first petition."""
    monkeypatch.setattr(sweep_module, "PAGE_SIZE", 1)
    sign_many(tables, a_published_petition(tables, slug="a-large-one"), 90)
    for slug in ("a-large-one", petition.slug):
        mark(f"signatures/{slug}", NOW, tables)
    signed(tables, petition)
    for run in range(30):
        sweep(outbox, LATER + run * 15 * MINUTE, tables, a_ticking_clock(1))
    assert delivery_key(petition.slug, identity_of(petition)) in {request.key for request in requests_in(outbox)}


GROUP = "signatures/safe-children"


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


@pytest.mark.parametrize("petitions", [1, 1000])
def test_a_run_makes_as_many_calls_with_1000_petitions_as_with_one(
    tables: FakeTables, steps: MailSteps, petitions: int
) -> None:
    for number in range(petitions - 1):
        tables.put(keys.petition(f"petition-{number}"), {})
    tables.put(mail_sweep(), {"began": iso(NOW)})
    steps.sign(ALICE, NOW)
    tables.calls.clear()
    assert steps.sweep(NOW + LOST_AFTER_IF_NO_BACKLOG) == 1
    # Reads of the position, the markers and a page for each bucket; writes to the request and the marker.
    assert len(tables.calls) == 1 + 1 + len(keys.BUCKETS) + 2


class EmptyPages(FakeTables):
    """Answers at once with an empty page, because real pages of many partitions would make the test slow."""

    def page(self, *_: object) -> tuple[list[Item], str | None]:
        self._called("page")
        return [], None


def test_a_day_is_enough_for_a_pass_over_1000_petitions(outbox: Outbox) -> None:
    """A page of an empty partition takes about 5 ms; here it takes 50, and there are 100 petitions.

    A slice ends on time, however much is left.
    """
    tables = EmptyPages()
    for number in range(100):
        tables.put(keys.petition(f"petition-{number}"), {})
    runs = 0
    while "group" in tables.items.get(mail_sweep(), {"group": ""}):
        tables.calls.clear()
        sweep(outbox, NOW, tables, lambda: tables.calls.count("page") * 0.05)
        assert tables.calls.count("page") <= SLICE_SECONDS / 0.05
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


def test_a_marker_of_a_kind_that_no_longer_exists_does_not_stop_the_sweep(steps: MailSteps) -> None:
    outstanding.mark("deliveries/removed", NOW, steps.tables)
    steps.sign(ALICE, NOW)
    assert steps.sweep(NOW + LOST_AFTER_IF_NO_BACKLOG) == 1
