"""The state of the model: how many signatures are at each station (stations.py), and the clock.

The model is fluid: amounts may be fractions. A signature is relayed when the request for its email is in the mail
queue.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.model.capacity import Environments, GatewayThrottle, SesQuota, Table
from benchmarks.model.limits import Account
from benchmarks.model.retries import Retries
from benchmarks.model.service import Service

Rate = Callable[[float], float]
FINE, COARSE = 1.0, 60.0  # seconds of a step: while people wait for an answer, and while only emails wait
LITTLE = 0.5  # Less than half a person counts as nobody.
DAY_SECONDS = 86_400


@dataclass(frozen=True)
class Load:
    """Signatures a second at each time until `ends`. The table is unavailable from `down` to `up`."""

    name: str
    rate: Rate
    ends: float
    down: float = 0
    up: float = 0
    hangs: bool = False  # whether the unavailable table does not answer; otherwise it refuses at once
    has_cdn: bool = True  # without a CDN, each page view is several requests at the API


@dataclass
class Amounts:
    """Cumulative numbers of people, requests and signatures at each station. Differences are backlogs."""

    arrived: float = 0
    posted: float = 0  # requests to sign, repeated ones included
    accepted: float = 0  # answered with 202
    overflowed: float = 0  # accepted and put into the overflow queue
    recovered: float = 0  # moved from the overflow queue into the table
    stored: float = 0  # in the table, those that were recovered included
    relayed: float = 0
    mailed: float = 0
    confirmed: float = 0
    changes: float = 0  # stream records that change the number of pending signatures
    projected: float = 0  # changes that are counted
    viewed: float = 0  # requests of viewers
    unseen: float = 0  # requests of viewers that the API refused

    @property
    def waiting(self) -> float:
        """Return how many people have no response yet: their page tries again."""
        return self.arrived - self.accepted

    @property
    def in_overflow(self) -> float:
        return max(0.0, self.overflowed - self.recovered)

    @property
    def mail_behind(self) -> float:
        return self.stored - self.mailed

    @property
    def count_behind(self) -> float:
        """Return how many changes of signatures are not yet counted in the number of pending signatures."""
        return self.changes - self.projected


@dataclass
class Refusals:
    """`first`: when each limit first refused. `amount`: how much it refused. Limits of email only delay the emails."""

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
        self.gateway, self.table, self.mailing = GatewayThrottle(account), Table(account), SesQuota(account)
        self.environments = Environments(account, service.cold)
        self.retries = Retries()
        self.busy: dict[str, float] = {}  # concurrency of other functions in the last step
        self.history: list[tuple[float, Amounts]] = []

    @property
    def is_down(self) -> bool:
        return self.load.down <= self.now < self.load.up

    @property
    def is_settled(self) -> bool:
        """Return whether all people have a response, and all signatures are stored and relayed."""
        amounts = self.amounts
        behind = max(amounts.waiting, amounts.in_overflow, amounts.stored - amounts.relayed)
        return self.now >= self.load.ends and behind < LITTLE

    @property
    def is_over(self) -> bool:
        amounts = self.amounts
        behind = max(amounts.arrived - amounts.confirmed, amounts.count_behind)
        return self.is_settled and behind < LITTLE
