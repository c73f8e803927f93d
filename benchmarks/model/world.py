"""The amounts at each station, and the clock of all stations. Amounts may be fractions."""

from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.model.capacity import Environments, Gateway, Mailing, Table
from benchmarks.model.limits import Account
from benchmarks.model.service import Service

Rate = Callable[[float], float]
FINE, COARSE = 1.0, 60.0  # seconds a step: while people wait for an answer, and while only mail is behind
LITTLE = 0.5  # less than half a person counts as none
DAYS = 86_400


@dataclass(frozen=True)
class Load:
    """Signatures a second at each time until `ends`. The table is unavailable from `down` to `up`."""

    name: str
    rate: Rate
    ends: float
    down: float = 0
    up: float = 0
    hangs: bool = False  # whether the table is silent; if not, it refuses at once
    cached: bool = True  # whether there is a CDN; if not, each page view is several requests at the API


@dataclass
class Amounts:
    """Cumulative numbers of signatures at each station. Differences are backlogs."""

    arrived: float = 0
    accepted: float = 0  # answered with 202
    overflowed: float = 0  # of these, through the queue
    recovered: float = 0  # of these, stored in the table since
    stored: float = 0
    relayed: float = 0
    mailed: float = 0
    opened: float = 0
    confirmed: float = 0
    changes: float = 0  # in the stream, passed by its filter to the pending count
    projected: float = 0
    viewed: float = 0  # requests of viewers
    unseen: float = 0  # of these, refused by the API

    @property
    def waiting(self) -> float:
        """People who have no response yet: their page tries again."""
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
        return self.changes - self.projected


@dataclass
class Refusals:
    """Which limit refused: when first, and how often. The daily quota and the email rate only delay."""

    first: dict[str, float] = field(default_factory=dict)
    amount: dict[str, float] = field(default_factory=dict)

    def add(self, limit: str, now: float, amount: float) -> None:
        if amount > LITTLE:
            self.first.setdefault(limit, now)
            self.amount[limit] = self.amount.get(limit, 0) + amount


class World:
    """One run. `now` is in seconds since its beginning."""

    def __init__(self, account: Account, service: Service, load: Load) -> None:
        self.now = 0.0
        self.account, self.service, self.load = account, service, load
        self.amounts, self.refusals = Amounts(), Refusals()
        self.gateway, self.table, self.mailing = Gateway(account), Table(account), Mailing(account)
        self.environments = Environments(account, service.cold)
        self.busy: dict[str, float] = {}  # concurrency of other functions in the last step
        self.history: list[tuple[float, Amounts]] = []

    @property
    def is_down(self) -> bool:
        return self.load.down <= self.now < self.load.up

    @property
    def is_settled(self) -> bool:
        """Whether all people have a response and all signatures are in the table."""
        amounts = self.amounts
        behind = max(amounts.waiting, amounts.in_overflow, amounts.stored - amounts.relayed)
        return self.now >= self.load.ends and behind < LITTLE

    @property
    def is_over(self) -> bool:
        amounts = self.amounts
        behind = max(amounts.arrived - amounts.confirmed, amounts.count_behind)
        return self.is_settled and behind < LITTLE
