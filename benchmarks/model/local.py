"""Run the model with the emulator's limits, and compare it with the spike that `make spike` measured.

The model is calibrated with the spike's rates: responses a second until the outage, and emails and stored signatures a
second while the queues drain. So the model does not predict independently how long the queues drain, but it does
predict the overflow queue's peak and the order of events. Here each post counts as a signature, even a repeated one.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks import lambdas
from benchmarks.model.capacity import SesQuota
from benchmarks.model.limits import LIMITS, Account
from benchmarks.model.service import Service
from benchmarks.model.stations import mailing, projecting, relaying, step
from benchmarks.model.world import LITTLE, Load, World
from chalicelib.edge.batch import LONGEST_RETRY, SHORTEST_RETRY

# The limit of stack/front.py, then the MaximumConcurrency of the overflow queue.
REQUEST_SLOTS, WORKERS = 4, 2
PLENTY = 1e6  # a limit that nothing reaches
HORIZON = 3_600  # seconds after which the run ends
SHORT_STEPS_SECONDS = 5  # seconds at the start in which every step is short, because stations need some steps to start
NAMES = ("all_answered_s", "peak_overflow", "overflow_drained_s", "mails_drained_s")


@dataclass(frozen=True)
class Spike:
    """The model's input from a measured spike. `answered`, `mailed` and `stored` are its rates (spike/rates.py).

    `table_outage` and `email_pause`: begin and end, in seconds after the spike began.
    """

    posts: int
    mails: int
    answered: float
    mailed: float
    stored: float
    table_outage: tuple[float, float]
    email_pause: tuple[float, float]
    ses_rate: float


class PausedMailing(SesQuota):
    """SES's limits in the spike: a rate, and no email during `email_pause`, while the quota is used up."""

    def __init__(self, account: Account, email_pause: tuple[float, float]) -> None:
        super().__init__(account)
        self._paused = email_pause

    def left(self, now: float, dt: float) -> tuple[float, float]:
        begins, ends = self._paused
        rate, day = super().left(now, dt)
        is_paused = begins <= now < ends
        return rate, (0.0 if is_paused else day)


def read_spike(spike: Mapping[str, Any]) -> Spike:
    """Read `spike` from results.json."""
    events, rates = spike["events_s"], spike["rates"]
    return Spike(
        posts=spike["posts"],
        mails=spike["mails"],
        answered=rates["answered"],
        mailed=rates["mailed"],
        stored=rates["stored"],
        table_outage=(events["table refuses"], events["table is back"]),
        email_pause=(events.get("SES quota spent", 0.0), events.get("mail resumed", 0.0)),
        ses_rate=spike["plan"]["ses_rate"],
    )


def simulate(spike: Spike) -> dict[str, float]:
    """Run the model, and return its figures by NAMES."""
    world = _world(spike)
    hidden = HiddenMessages()
    stations = (mailing, answer_posts, hidden.store_visible, relaying, projecting)
    while world.now < HORIZON:
        step(world, stations)
        if _is_over(world, spike):
            break
    return _figures(world)


def compare(spike: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return measured and modelled values. `off`: the model's error as a share of the measured value."""
    modelled, events = simulate(read_spike(spike)), spike["events_s"]
    figures = (events["all answered"], spike["peak_overflow"], events["overflow drained"], events["drained"])
    measured = dict(zip(NAMES, figures, strict=True))
    rows: list[dict[str, Any]] = []
    for name, value in measured.items():
        error = modelled[name] / value - 1
        rows.append({"figure": name, "measured": value, "model": round(modelled[name]), "off": round(error, 2)})
    return rows


def answer_posts(world: World, dt: float) -> None:
    """Answer posts. All arrive at once, and wait at the front for one of the REQUEST_SLOTS."""
    amounts = world.amounts
    amounts.arrived = world.load.rate(0)  # Not a rate here: `_world` puts the number of all posts there.
    seconds = world.service.sign + (lambdas.CALL_SECONDS if world.is_down else 0)
    served = min(amounts.waiting, REQUEST_SLOTS / seconds * dt)
    stored = world.table.take(served)
    amounts.accepted += served
    amounts.overflowed += served - stored
    amounts.stored += stored
    amounts.changes += stored


class HiddenMessages:
    """The overflow queue's messages whose handling failed. Each failure doubles the time for which SQS hides them.

    So a message that fails since the outage began is hidden for about as long as the outage has lasted.
    """

    def __init__(self) -> None:
        self._hidden: deque[tuple[float, float]] = deque()

    def store_visible(self, world: World, dt: float) -> None:
        while self._hidden and self._hidden[0][0] <= world.now:
            self._hidden.popleft()
        visible = world.amounts.in_overflow - sum(amount for _, amount in self._hidden)
        stored_each_second = WORKERS / world.service.store  # `store`: the seconds to store one signature
        received = min(max(0.0, visible), stored_each_second * dt)
        if world.is_down:
            wait = min(LONGEST_RETRY, max(SHORTEST_RETRY, world.now - world.load.down))
            self._hidden.append((world.now + wait, received))
        else:
            _store(world, received)


def _store(world: World, received: float) -> None:
    world.amounts.recovered += received
    world.amounts.stored += received
    world.amounts.changes += received


def _world(spike: Spike) -> World:
    """Return the model's world, in which each post causes one email."""
    # Really, most repeated posts cause none. So one email of the model stands for `emails_per_post` real emails.
    emails_per_post = spike.mails / spike.posts
    limits = {
        **dict.fromkeys(LIMITS, PLENTY),
        "concurrency": REQUEST_SLOTS,
        "mail_rate": spike.ses_rate / emails_per_post,
        "senders": WORKERS,
        "storers": WORKERS,
    }
    account = Account("emulator", **limits)
    service = Service(
        sign=REQUEST_SLOTS / spike.answered,
        confirm=0,
        mail=WORKERS * emails_per_post / spike.mailed,
        store=WORKERS / spike.stored,
        cold=0,
        relay_batch=1 / PLENTY,
        project_bucket=1 / PLENTY,
        project_record=1 / PLENTY,
    )
    down, up = spike.table_outage
    # `rate` gives the number of all posts here (see `answer_posts`). Until `ends`, every step is short.
    load = Load("spike", rate=lambda _: spike.posts, ends=SHORT_STEPS_SECONDS, down=down, up=up)
    world = World(account, service, load)
    world.mailing = PausedMailing(account, spike.email_pause)
    return world


def _is_over(world: World, spike: Spike) -> bool:
    amounts = world.amounts
    are_all_stored = amounts.stored >= spike.posts - LITTLE
    are_all_mailed = amounts.mail_behind < LITTLE
    return are_all_stored and are_all_mailed


def _figures(world: World) -> dict[str, float]:
    """Return the seconds after which each backlog was empty, and the most signatures in the overflow queue."""
    history = world.history

    def end_of(backlog: Any) -> float:
        times_with_backlog = [now for now, amounts in history if backlog(amounts) >= LITTLE]
        return max(times_with_backlog, default=0)

    all_answered = end_of(lambda amounts: amounts.waiting)
    peak_overflow = max(amounts.in_overflow for _, amounts in history)
    overflow_drained = end_of(lambda amounts: amounts.in_overflow)
    mails_drained, _ = history[-1]  # The run ends with the last email.
    return dict(zip(NAMES, (all_answered, peak_overflow, overflow_drained, mails_drained), strict=True))
