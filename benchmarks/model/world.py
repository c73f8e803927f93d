"""What is where, and the clock that all stations go by. Amounts are fluid: fractions of people are fine."""

from collections.abc import Callable
from dataclasses import dataclass, field

import simpy

from benchmarks.model.capacity import Environments, Gateway, Mailing, Table
from benchmarks.model.limits import Account
from benchmarks.model.service import Service

Rate = Callable[[float], float]
FINE, COARSE = 1.0, 60.0  # seconds a step: while people wait for an answer, and while only mail is behind
LITTLE = 0.5  # half a person is nobody
DAYS = 86_400


@dataclass(frozen=True)
class Load:
    """Signatures a second at each moment, until `ends`; the table is away from `down` to `up`."""

    name: str
    rate: Rate
    ends: float
    down: float = 0
    up: float = 0
    hangs: bool = False  # else it refuses at once


@dataclass
class Amounts:
    """Cumulative, each of signatures: what has come so far. Differences are backlogs."""

    arrived: float = 0
    accepted: float = 0  # heard 202
    overflowed: float = 0  # of these, through the queue
    recovered: float = 0  # of these, put into the table since
    stored: float = 0
    relayed: float = 0
    mailed: float = 0
    opened: float = 0
    confirmed: float = 0
    changes: float = 0  # in the stream, that its filter hands to the pending count
    followed: float = 0

    @property
    def waiting(self) -> float:
        """For an answer: their page tries again."""
        return self.arrived - self.accepted

    @property
    def in_overflow(self) -> float:
        return max(0.0, self.overflowed - self.recovered)

    @property
    def mail_behind(self) -> float:
        return self.stored - self.mailed

    @property
    def count_behind(self) -> float:
        """Changes not yet in the number of pending signatures."""
        return self.changes - self.followed


@dataclass
class Refusals:
    """Who said no: when first, and how often. The daily quota and the rate of mail make wait, and lose nothing."""

    first: dict[str, float] = field(default_factory=dict)
    amount: dict[str, float] = field(default_factory=dict)

    def add(self, who: str, now: float, amount: float) -> None:
        if amount > LITTLE:
            self.first.setdefault(who, now)
            self.amount[who] = self.amount.get(who, 0) + amount

    def in_order(self) -> list[tuple[str, float]]:
        """What throttled first, first."""
        return sorted(self.first.items(), key=lambda one: one[1])


class World:
    """One run. Stations wait for `tick`, which hands them the step's length."""

    def __init__(self, account: Account, service: Service, load: Load) -> None:
        self.env = simpy.Environment()
        self.tick = self.env.event()
        self.account, self.service, self.load = account, service, load
        self.amounts, self.refusals = Amounts(), Refusals()
        self.gateway, self.table, self.mailing = Gateway(account), Table(account), Mailing(account)
        self.environments = Environments(account, service.cold)
        self.busy: dict[str, float] = {}  # concurrency that others took in the last step
        self.history: list[tuple[float, Amounts]] = []

    @property
    def now(self) -> float:
        return self.env.now

    @property
    def is_down(self) -> bool:
        return self.load.down <= self.now < self.load.up

    @property
    def is_settled(self) -> bool:
        """Everybody has heard and everything is in the table."""
        amounts = self.amounts
        behind = max(amounts.waiting, amounts.in_overflow, amounts.stored - amounts.relayed)
        return self.now >= self.load.ends and behind < LITTLE

    @property
    def is_over(self) -> bool:
        amounts = self.amounts
        behind = max(amounts.arrived - amounts.confirmed, amounts.count_behind)
        return self.is_settled and behind < LITTLE
