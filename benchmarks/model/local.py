"""Run the model with the emulator's limits and compare it with the measured spike.

Calibrated with responses a second until the outage, and with emails and stored signatures a second. The last two come
from the compared drain, so its length is not an independent prediction. Peak and order of events are. Here a post
counts as a signature.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks import lambdas
from benchmarks.model.capacity import Mailing
from benchmarks.model.limits import Account
from benchmarks.model.service import Service
from benchmarks.model.stations import mailing, projecting, relaying, step
from benchmarks.model.world import LITTLE, Load, World

# The limit of stack/front.py; the template's MaximumConcurrency and visibility timeout.
PLACES, HANDS, REST = 4, 2, 360.0
PLENTY = 1e6
HORIZON = 3_600
SETTLED = 5  # seconds: the stations need some steps to start
NAMES = ("all_answered_s", "peak_overflow", "overflow_drained_s", "mails_drained_s")


@dataclass(frozen=True)
class Spike:
    """The model's input from a spike. Rates a second, times in seconds after the first post."""

    posts: int
    mails: int
    answered: float
    mailed: float
    stored: float
    away: tuple[float, float]
    paused: tuple[float, float]
    ses_rate: float


class Quota(Mailing):
    """SES's rate, and no email while the quota is used up."""

    def __init__(self, account: Account, paused: tuple[float, float]) -> None:
        super().__init__(account)
        self._paused = paused

    def left(self, now: float, dt: float) -> tuple[float, float]:
        begins, ends = self._paused
        rate, day = super().left(now, dt)
        return rate, 0.0 if begins <= now < ends else day


def read(spike: Mapping[str, Any]) -> Spike:
    """Read `spike` from results.json."""
    events, rates = spike["events_s"], spike["rates"]
    spent = events.get("SES quota spent", 0.0), events.get("mail resumed", 0.0)
    away = events["table refuses"], events["table is back"]
    return Spike(
        spike["posts"], spike["mails"], rates["answered"], rates["mailed"], rates["stored"], away, spent,
        spike["plan"]["ses_rate"],
    )  # fmt: skip


def simulate(spike: Spike) -> dict[str, float]:
    """Return the model's figures of NAMES."""
    world = _world(spike)
    resting = Resting(world)
    stations = (mailing, arriving, resting.storing, relaying, projecting)
    while not _is_over(world, spike) and world.now < HORIZON:
        step(world, stations)
    return _figures(world)


def compare(spike: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return measured and modelled values; `off` is the model's error as a share of the measured value."""
    modelled, events = simulate(read(spike)), spike["events_s"]
    moments = (events["all answered"], spike["peak_overflow"], events["overflow drained"], events["drained"])
    measured = dict(zip(NAMES, moments, strict=True))
    return [
        {"figure": name, "measured": seen, "model": round(modelled[name]), "off": round(modelled[name] / seen - 1, 2)}
        for name, seen in measured.items()
    ]


def arriving(world: World, dt: float) -> None:
    """All arrive at once and wait at the front, which has a fixed number of places."""
    amounts = world.amounts
    amounts.arrived = world.load.rate(0)
    seconds = world.service.sign + (lambdas.CALL_SECONDS if world.is_down else 0)
    served = min(amounts.waiting, PLACES / seconds * dt)
    stored = world.table.take(served)
    amounts.accepted += served
    amounts.overflowed += served - stored
    amounts.stored += stored
    amounts.changes += stored


class Resting:
    """The overflow queue as in SQS: a message that failed is invisible for six minutes."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._resting: deque[tuple[float, float]] = deque()

    def storing(self, world: World, dt: float) -> None:
        while self._resting and self._resting[0][0] <= world.now:
            self._resting.popleft()
        seen = world.amounts.in_overflow - sum(amount for _, amount in self._resting)
        taken = min(max(0.0, seen), HANDS / world.service.store * dt)
        if world.is_down:
            self._resting.append((world.now + REST, taken))
        else:
            _keep(world, taken)


def _keep(world: World, taken: float) -> None:
    world.amounts.recovered += taken
    world.amounts.stored += taken
    world.amounts.changes += taken


def _world(spike: Spike) -> World:
    """Emails are calculated from posts, because most repeats request none."""
    each = spike.mails / spike.posts
    account = Account(
        "emulator", PLENTY, PLENTY, PLACES, PLENTY, PLENTY, PLENTY, PLENTY, PLENTY,
        spike.ses_rate / each, PLENTY, PLENTY, HANDS, HANDS,
    )  # fmt: skip
    service = Service(
        PLACES / spike.answered, 0, HANDS * each / spike.mailed, HANDS / spike.stored, 0, 1 / PLENTY, 1 / PLENTY
    )
    away, back = spike.away
    world = World(account, service, Load("spike", lambda _: spike.posts, SETTLED, away, back))
    world.mailing = Quota(account, spike.paused)
    return world


def _is_over(world: World, spike: Spike) -> bool:
    amounts = world.amounts
    return bool(world.history) and amounts.stored >= spike.posts - LITTLE and amounts.mail_behind < LITTLE


def _figures(world: World) -> dict[str, float]:
    history = world.history

    def last(behind: Any) -> float:
        return max((now for now, then in history if behind(then) >= LITTLE), default=0)

    peak = max(then.in_overflow for _, then in history)
    moments = last(lambda then: then.waiting), peak, last(lambda then: then.in_overflow), history[-1][0]
    return dict(zip(NAMES, moments, strict=True))
