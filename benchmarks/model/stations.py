"""The stations that a signature passes, such as signing and mailing. Each does the work of a step of `dt` seconds.

STATIONS has their order within a step.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import exp

from benchmarks import lambdas
from benchmarks.model.service import HANG_SECONDS, RELAY
from benchmarks.model.viewers import view
from benchmarks.model.world import COARSE, FINE, World
from chalicelib.mail.rate_limit import EMAILS_PER_SENDER

# The mean seconds from the email to the confirmation. An assumption: this was not measured.
CONFIRM_AFTER = 300.0
# Write units in the signatures table. For an email: the write that reserves it for a sender, and the write that records
# it as sent. For a confirmation: the part of its transaction that changes the signature.
MAIL_UNITS, CONFIRM_UNITS = 2, 2

Station = Callable[[World, float], None]


def step(world: World, stations: Sequence[Station]) -> None:
    """Take one step: a short one while people wait for a response, and a long one while only emails wait."""
    dt = COARSE if world.is_settled else FINE
    world.gateway.begin(dt)
    world.table.is_down = world.is_down
    world.table.begin(world.now, dt)
    for station in stations:
        station(world, dt)
    world.now += dt
    world.history.append((world.now, replace(world.amounts)))


def confirming(world: World, dt: float) -> None:
    """Confirm: the page and its button are two requests. This station is the first, because it needs little."""
    amounts = world.amounts
    people = (amounts.mailed - amounts.confirmed) * (1 - exp(-dt / CONFIRM_AFTER))
    allowed = world.gateway.take(2 * people) / 2
    confirmed = world.table.take(CONFIRM_UNITS * allowed) / CONFIRM_UNITS
    world.refusals.add("gateway", world.now, people - allowed)
    world.busy["confirm"] = allowed * world.service.confirm / dt
    amounts.confirmed += confirmed
    amounts.changes += confirmed


def mailing(world: World, dt: float) -> None:
    """Send as many emails as our senders, SES's rate and SES's daily quota all allow."""
    amounts = world.amounts
    wanted = amounts.relayed - amounts.mailed
    # The senders keep to our own rate, `mail_per_second` (MailPerSecond). `rate` and `day` are SES's limits.
    by_senders = min(world.account.senders / world.service.mail, world.account.mail_per_second) * dt
    rate, day = world.mailing.left(world.now, dt)
    lowest = min(by_senders, rate, day)
    for limit, maximum in (("SES rate", rate), ("our senders", by_senders), ("SES day", day)):
        if maximum == lowest:
            world.refusals.add(limit, world.now, wanted - maximum)
    mailed = world.table.take(MAIL_UNITS * min(wanted, lowest)) / MAIL_UNITS
    world.mailing.record_sent(world.now, mailed)
    # A sender that waits until it may send its next email also uses an environment.
    world.busy["send"] = mailed / dt * max(world.service.mail, 1 / EMAILS_PER_SENDER)
    amounts.mailed += mailed


def signing(world: World, dt: float) -> None:
    """Sign. People who were refused try again. A signature is accepted if the table or the overflow queue has it."""
    amounts = world.amounts
    second = int(world.now)
    returning = world.retries.take(second)
    arriving = _arriving(world, dt)
    amounts.arrived += arriving
    requests = sum(returning) + arriving
    amounts.posted += requests
    view(world, arriving, requests, dt)
    allowed = world.gateway.take(requests)
    served = world.environments.take(allowed, _signing_seconds(world), sum(world.busy.values()), dt)
    stored = world.table.take(served)
    refused_share = 1 - served / requests if requests else 0.0
    if refused_share:
        refused_again = [number * refused_share for number in returning]
        world.retries.add(second, arriving * refused_share, refused_again)
    amounts.accepted += served
    amounts.overflowed += served - stored
    _store(world, stored)
    for limit, amount in (("gateway", requests - allowed), ("Lambda", allowed - served), ("table", served - stored)):
        world.refusals.add(limit, world.now, amount)


def storing_overflow(world: World, dt: float) -> None:
    """Store signatures from the overflow queue: with few workers, and only the table's capacity that signing left."""
    by_workers = 0.0 if world.is_down else world.account.storers / world.service.store * dt
    recovered = world.table.take(min(world.amounts.in_overflow, by_workers))
    world.busy["store"] = recovered * world.service.store / dt
    world.amounts.recovered += recovered
    _store(world, recovered)


def relaying(world: World, dt: float) -> None:
    """Relay: put a message into the mail queue for each requested email that the stream reports."""
    amounts = world.amounts
    relayed = min(amounts.stored - amounts.relayed, world.service.relay_rate(world.table.partitions) * dt)
    world.busy["relay"] = relayed / RELAY.batch_size * world.service.relay_batch / dt
    amounts.relayed += relayed


def projecting(world: World, dt: float) -> None:
    """Project: count the changes that the stream reports. The result is the number of pending signatures."""
    amounts = world.amounts
    maximum = 0.0 if world.is_down else world.service.projection_rate(world.table.partitions) * dt
    amounts.projected += min(amounts.count_behind, maximum)


def _arriving(world: World, dt: float) -> float:
    """Return how many people arrive in this step."""
    if world.now >= world.load.ends:
        return 0.0
    middle_of_step = world.now + dt / 2
    return world.load.rate(middle_of_step) * dt


def _store(world: World, stored: float) -> None:
    world.amounts.stored += stored
    world.amounts.changes += stored


def _signing_seconds(world: World) -> float:
    """Return the seconds of a request to sign. In an outage it also calls the queue, perhaps after a timeout."""
    seconds = world.service.sign
    if world.is_down:
        seconds += lambdas.CALL_SECONDS
        if world.load.hangs:
            seconds += HANG_SECONDS
    return seconds


STATIONS = (confirming, mailing, signing, storing_overflow, relaying, projecting)
