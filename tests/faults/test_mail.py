"""Every AWS call of sending, relaying, sweeping and watching fails in every way, and no email is lost.

A first run without faults records the calls. Then each call is refused, times out before or after it took effect, or
has the process killed before or after it. Then redelivery follows, as SQS, the stream and the schedule do. So a new
call is faulted too, or the expected lists below fail.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.aws.email import Mail
from chalicelib.aws.expressions import to_wire
from chalicelib.aws.queue import Outgoing
from chalicelib.aws.table import Change, Tables
from chalicelib.core.errors import NotYet, PetitionsError, SendingStopped, Throttled, Unavailable
from chalicelib.mail.batch_sender import BatchSender
from chalicelib.mail.kind import MailContext
from chalicelib.mail.model import MailRequest
from chalicelib.mail.outbox import Outbox
from chalicelib.mail.relay import relay
from chalicelib.mail.signature_kinds import SIGNATURE_KINDS, delivery_key
from chalicelib.mail.sweep import sweep
from chalicelib.mail.watch import watch
from chalicelib.signatures.model import MAIL_REQUEST
from tests.actors import (
    ALICE,
    BOB,
    MINUTE,
    NOW,
    a_mail_context,
    a_petition,
    a_published_petition,
    item_of,
    request_of,
    signed,
)
from tests.fakes import FakeQueue, FakeSource, FakeTables
from tests.faults.injection import CALLS

pytestmark = pytest.mark.faults

# The mail queue's visibility timeout.
AGAIN = timedelta(minutes=6)


class Killed(BaseException):
    """The process was killed. No code may catch this."""


Fault = Callable[[Callable[[], Any]], Any]


def _raises(error: Callable[[], BaseException]) -> Fault:
    def fault(_: Callable[[], Any]) -> Any:
        raise error()

    return fault


def _raises_after(error: Callable[[], BaseException]) -> Fault:
    def fault(call: Callable[[], Any]) -> Any:
        call()
        raise error()

    return fault


FAULTS: Mapping[str, Fault] = {
    "throttled": _raises(lambda: Throttled("aws")),
    "timed out or reset before it took effect": _raises(lambda: Unavailable("aws")),
    "timed out or reset after it took effect": _raises_after(lambda: Unavailable("aws")),
    "killed before": _raises(Killed),
    "killed after": _raises_after(Killed),
}


@dataclass
class Wire:
    """Records every AWS call by name, and injects the fault into the call with number `at`."""

    at: int | None = None
    fault: Fault | None = None
    calls: list[str] = field(default_factory=list)

    def __call__(self, name: str, call: Callable[[], Any]) -> Any:
        number = len(self.calls)
        self.calls.append(name)
        if self.fault and number == self.at:
            return self.fault(call)
        return call()


class WiredTables(FakeTables):
    """Tables whose every AWS method goes through the wire."""

    wire: Wire | None = None

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name not in CALLS["Tables"] or self.wire is None:
            return found
        wire = self.wire
        return lambda *given, **named: wire(f"table.{name}", lambda: found(*given, **named))


class WiredQueue(FakeQueue):
    def __init__(self, name: str, world: "World") -> None:
        super().__init__()
        self.name, self.world = name, world

    def send(self, messages: Sequence[Outgoing]) -> None:
        if messages:
            self.world.wire(f"{self.name}.send", lambda: super(WiredQueue, self).send(messages))

    def depth(self) -> int:
        return int(self.world.wire(f"{self.name}.depth", lambda: len(self.messages)))


class WiredSource(FakeSource):
    def __init__(self, world: "World") -> None:
        super().__init__()
        self.world = world

    def turn(self, *, is_open: bool) -> bool:
        return bool(self.world.wire("source.turn", lambda: super(WiredSource, self).turn(is_open=is_open)))


class World:
    """One petition, Alice's and Bob's mail requests, and every AWS fake that sending email uses."""

    def __init__(self) -> None:
        self.wire = Wire()
        self.tables = WiredTables()
        self.mails: list[Mail] = []
        self.quota_spent = False
        self.outbox = Outbox(WiredQueue("urgent", self), WiredQueue("other", self), SIGNATURE_KINDS)
        self.sources = (WiredSource(self), WiredSource(self))
        a_published_petition(self.tables)
        self.identities = [signed(self.tables, a_petition(), who) for who in (ALICE, BOB)]
        self.requests = [request_of(self.tables, a_petition(), identity) for identity in self.identities]
        self.images = [item_of(self.tables, a_petition(), identity) for identity in self.identities]
        self.tables.wire = self.wire

    def under(self, wire: Wire) -> "World":
        self.wire = self.tables.wire = wire
        return self

    def context(self) -> MailContext:
        return a_mail_context(lambda mail: self.wire("ses.send", lambda: self._post(mail)))

    def _post(self, mail: Mail) -> None:
        if self.quota_spent:
            raise SendingStopped("mail")
        self.mails.append(mail)

    def send(self, requests: Sequence[MailRequest], now: datetime) -> list[MailRequest]:
        """Run one invocation as edge.batch does, and return the requests that are redelivered."""
        batch_sender = BatchSender(SIGNATURE_KINDS, self.context(), self.tables, lambda: 0.0, lambda _: None)
        left = list(requests)
        try:
            for request in requests:
                try:
                    batch_sender.send(request, now)
                    left.remove(request)
                except (NotYet, Unavailable):
                    pass
        except Killed:
            return list(requests)  # A killed process answers nothing, so all are redelivered.
        return left

    def send_until_settled(self, requests: Sequence[MailRequest], now: datetime) -> None:
        left = list(requests)
        for number in range(1, 30):
            if not left:
                return
            left = self.send(left, now + number * AGAIN)
        raise AssertionError("never settled")

    def mails_to(self, email: str) -> int:
        return sum(mail.to == email for mail in self.mails)

    def assert_settled(self) -> None:
        for identity in self.identities:
            item = item_of(self.tables, a_petition(), identity)
            assert not set(MAIL_REQUEST) & item.keys()
            assert item["mailed_at"]


def recorded(act: Callable[[World], object]) -> list[str]:
    world = World()
    act(world)
    return world.wire.calls


def sends(world: World) -> list[MailRequest]:
    return world.send(world.requests, NOW)


def sends_on_a_spent_quota(world: World) -> list[MailRequest]:
    world.quota_spent = True
    return world.send(world.requests, NOW)


def relays(world: World) -> int:
    return relay([(None, image) for image in world.images], NOW, world.outbox)


SWEPT = NOW + timedelta(days=21)


def sweeps(world: World) -> int:
    return sweep(world.outbox, SWEPT, world.tables)


def watches(world: World) -> tuple[bool, bool]:
    return watch(*world.sources, world.outbox.urgent, NOW + MINUTE, world.tables)


SEND_CALLS = recorded(sends)
STOP_CALLS = recorded(sends_on_a_spent_quota)
RELAY_CALLS = recorded(relays)
SWEEP_CALLS = recorded(sweeps)
WATCH_CALLS = recorded(watches)

every_fault = pytest.mark.parametrize("fault", FAULTS)


def every(calls: Sequence[str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "at", range(len(calls)), ids=[f"{number}-{name}" for number, name in enumerate(calls)]
    )


def faulted(at: int, fault: str) -> tuple[World, Wire]:
    world, wire = World(), Wire(at, FAULTS[fault])
    world.under(wire)
    return world, wire


def ends_badly(act: Callable[[World], object], world: World) -> None:
    with pytest.raises((PetitionsError, Killed)):
        act(world)


def test_the_recorded_calls_are_the_expected_ones() -> None:
    """Update this with the code. It shows the calls for one email, and that the recorder sees every call."""
    one_mail = ["table.update_and_read", "table.get", "ses.send", "table.try_update"]
    assert ["table.get", *one_mail, *one_mail] == SEND_CALLS
    assert ["table.get", *one_mail, "table.put"] == STOP_CALLS
    assert RELAY_CALLS == ["urgent.send"]
    assert WATCH_CALLS == ["table.get", "source.turn", "urgent.depth", "source.turn"]
    assert set(SWEEP_CALLS) == {
        *("table.get", "table.query", "table.page", "table.try_update", "table.put"),
        *("urgent.send", "urgent.depth", "other.depth"),
    }


def test_every_method_of_tables_is_recorded() -> None:
    assert {name for name in vars(Tables) if not name.startswith("_")} == {*CALLS["Tables"]}


@every_fault
@every(SEND_CALLS)
def test_a_fault_in_sending_loses_no_email_and_sends_at_most_one_twice(at: int, fault: str) -> None:
    world, wire = faulted(at, fault)
    left = sends(world)
    assert len(wire.calls) > at
    world.under(Wire()).send_until_settled(left, NOW)
    world.assert_settled()
    counts = sorted(world.mails_to(who.email) for who in (ALICE, BOB))
    assert counts in ([1, 1], [1, 2])
    if counts == [1, 2]:
        assert _was_in_the_window(at, fault)


def _was_in_the_window(at: int, fault: str) -> bool:
    """Whether the fault came between SES accepting the email and the mark: only then is it sent twice."""
    if SEND_CALLS[at] == "ses.send":
        return fault in ("timed out or reset after it took effect", "killed after")
    is_mark = SEND_CALLS[at - 1] == "ses.send"
    return is_mark and fault in ("throttled", "timed out or reset before it took effect", "killed before")


@every_fault
@every(SEND_CALLS)
def test_redelivered_messages_after_a_fault_send_no_more_emails(at: int, fault: str) -> None:
    world, _ = faulted(at, fault)
    left = sends(world)
    world.under(Wire()).send_until_settled(left, NOW)
    before = len(world.mails)
    world.send_until_settled([*world.requests, *world.requests], NOW + timedelta(hours=5))
    assert len(world.mails) == before


@every_fault
@every(STOP_CALLS)
def test_a_fault_while_pausing_on_a_spent_quota_loses_no_email(at: int, fault: str) -> None:
    world, wire = faulted(at, fault)
    left = sends_on_a_spent_quota(world)
    assert len(wire.calls) > at
    assert left == world.requests
    world.quota_spent = False
    world.under(Wire()).send_until_settled(left, NOW)
    world.assert_settled()
    assert [world.mails_to(who.email) for who in (ALICE, BOB)] == [1, 1]


@every_fault
@every(RELAY_CALLS)
def test_a_fault_in_relaying_loses_no_mail_request(at: int, fault: str) -> None:
    world, _ = faulted(at, fault)
    ends_badly(relays, world)
    relays(world.under(Wire()))
    _each_queued_request_sends_one_email(world)


@every_fault
@every(SWEEP_CALLS)
def test_a_fault_in_sweeping_loses_no_mail_request(at: int, fault: str) -> None:
    """All messages of the relay were lost. The sweep fails once, then runs again."""
    world, wire = faulted(at, fault)
    ends_badly(sweeps, world)
    assert len(wire.calls) > at
    world.under(Wire())
    sweeps(world)
    _each_queued_request_sends_one_email(world)


def _each_queued_request_sends_one_email(world: World) -> None:
    assert isinstance(world.outbox.urgent, FakeQueue)
    queued = [MailRequest.model_validate(message) for message in world.outbox.urgent.messages]
    assert {request.key for request in queued} == {delivery_key(a_petition().slug, each) for each in world.identities}
    world.send_until_settled(queued, SWEPT)
    world.assert_settled()
    assert [world.mails_to(who.email) for who in (ALICE, BOB)] == [1, 1]


@every_fault
@every(WATCH_CALLS)
@pytest.mark.parametrize("is_paused", [True, False])
def test_after_a_fault_in_watching_the_next_run_sets_the_event_sources(at: int, fault: str, is_paused: bool) -> None:
    world = World()
    if is_paused:
        sends_on_a_spent_quota(world)
    else:
        for source in world.sources:
            source.is_open = False
    world.under(Wire(at, FAULTS[fault]))
    with suppress(PetitionsError, Killed):
        watches(world)
    watches(world.under(Wire()))
    assert [source.is_open for source in world.sources] == [not is_paused] * 2


def test_without_the_claim_two_deliveries_send_two_emails() -> None:
    """Shows that these tests can fail: without the claim, two concurrent deliveries send two emails."""
    world = World()

    class Unclaimed(WiredTables):
        def _update(self, change: Change, returns: Mapping[str, str]) -> Any:
            if "mail_claimed_until" in change.assign:
                return {"Attributes": to_wire(self.items[change.key])}
            return super()._update(change, returns)

    world.tables.__class__ = Unclaimed

    def deliver(mail: Mail) -> None:
        world.mails.append(mail)
        if len(world.mails) == 1:
            world.send(world.requests[:1], NOW)

    context = a_mail_context(deliver)
    BatchSender(SIGNATURE_KINDS, context, world.tables, lambda: 0.0, lambda _: None).send(world.requests[0], NOW)
    assert world.mails_to(ALICE.email) == 2
