"""Simulate a crowd: in steps of a second, what each limit lets pass, and how many wait before it.

Amounts may be fractions. People who are refused try again as the page does (waits.py). While only emails wait, a step
takes a minute. Confirmations come CONFIRM_AFTER on average after the email: an assumption.
"""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from math import ceil, exp
from random import Random
from statistics import median_low

from benchmarks import lambdas
from benchmarks.model.limits import Account
from benchmarks.model.service import HANG_SECONDS, Service
from benchmarks.model.waits import Retries
from chalicelib.core.keys import PARTITIONS
from chalicelib.mail.rate_limit import EMAILS_PER_SENDER

DAY, HORIZON = 86_400, 30 * 86_400
CONFIRM_AFTER = 300.0
# Write units in the signatures table: a sender claims and marks an email, and a transaction confirms.
MAIL_UNITS, CONFIRM_UNITS = 2, 2
LITTLE = 0.5  # Less than half a person counts as nobody.


@dataclass(frozen=True)
class Load:
    """Signatures a second at each time until `ends`. The table is unavailable from `down` to `up`."""

    name: str
    rate: Callable[[float], float]
    ends: float
    down: float = 0
    up: float = 0
    hangs: bool = False  # whether the unavailable table does not answer; otherwise it refuses at once
    has_cdn: bool = True  # without a CDN, each page view is several requests at the API


@dataclass
class Amounts:
    """Cumulative numbers of people, requests and signatures. Differences are backlogs."""

    arrived: float = 0
    posted: float = 0  # requests to sign, repeated ones included
    accepted: float = 0  # answered with 202
    overflowed: float = 0  # accepted and put into the overflow queue
    recovered: float = 0  # moved from the overflow queue into the table
    stored: float = 0  # in the table
    mailed: float = 0
    confirmed: float = 0
    viewed: float = 0  # requests of viewers
    unseen: float = 0  # requests of viewers that the API refused

    @property
    def waiting(self) -> float:
        return self.arrived - self.accepted

    @property
    def in_overflow(self) -> float:
        return max(0.0, self.overflowed - self.recovered)

    @property
    def mail_behind(self) -> float:
        return self.stored - self.mailed


@dataclass
class Simulation:
    """One run. `first`: when each limit first refused; a limit of email only delays."""

    account: Account
    service: Service
    load: Load
    now: float = 0.0
    amounts: Amounts = field(default_factory=Amounts)
    history: list[tuple[float, Amounts]] = field(default_factory=list)
    first: dict[str, float] = field(default_factory=dict)
    retries: Retries = field(default_factory=Retries)
    busy: dict[str, float] = field(default_factory=dict)  # concurrency of other functions in the last step

    def __post_init__(self) -> None:
        self.environments = Environments(self.account, self.service.cold)
        self._tokens = self.account.gateway_burst
        self._units: list[float] = []

    def run(self, horizon: float = HORIZON) -> "Simulation":
        while self.now < horizon and not (self._is_settled and self.amounts.arrived - self.amounts.confirmed < LITTLE):
            self._step(60.0 if self._is_settled else 1.0)
        return self

    @property
    def _is_settled(self) -> bool:
        return self.now >= self.load.ends and max(self.amounts.waiting, self.amounts.in_overflow) < LITTLE

    @property
    def _is_down(self) -> bool:
        return self.load.down <= self.now < self.load.up

    def _step(self, dt: float) -> None:
        # API Gateway's token bucket holds at most the burst. What arrives during the step can be spent in it.
        self._tokens = min(self.account.gateway_burst, self._tokens) + self.account.gateway_rate * dt
        # The table's partitions have equal parts of its capacity.
        partitions = ceil(self.account.table_warm / self.account.partition)
        self._shares = shares_of(partitions)
        self._units = [0.0 if self._is_down else self.account.table_warm / partitions * dt] * partitions
        self._confirm(dt)
        self._mail(dt)
        self._sign(dt)
        self._store_overflow(dt)
        self.now += dt
        self.history.append((self.now, replace(self.amounts)))

    def _confirm(self, dt: float) -> None:
        """The page and its button are two requests. This is the first, because it needs little."""
        amounts = self.amounts
        people = (amounts.mailed - amounts.confirmed) * (1 - exp(-dt / CONFIRM_AFTER))
        allowed = self._pass_gateway(2 * people) / 2
        self._refuse("gateway", people - allowed)
        self.busy["confirm"] = allowed * self.service.confirm / dt
        amounts.confirmed += self._write(CONFIRM_UNITS * allowed) / CONFIRM_UNITS

    def _mail(self, dt: float) -> None:
        """Send as many emails as our senders, SES's rate and SES's daily quota all allow."""
        amounts = self.amounts
        wanted = amounts.mail_behind
        senders = min(self.account.senders / self.service.mail, self.account.mail_per_second) * dt
        rate = self.account.mail_rate * dt
        # A day ago; before the first step, nothing was sent.
        before = bisect_right(self.history, self.now - DAY, key=lambda each: each[0]) - 1
        sent = amounts.mailed - (self.history[before][1].mailed if before >= 0 else 0.0)
        day = max(0.0, self.account.mail_daily - sent)
        lowest = min(senders, rate, day)
        for limit, most in (("SES rate", rate), ("our senders", senders), ("SES day", day)):
            if most == lowest:
                self._refuse(limit, wanted - most)
        mailed = self._write(MAIL_UNITS * min(wanted, lowest)) / MAIL_UNITS
        # A sender that waits until it may send its next email also uses an environment.
        self.busy["send"] = mailed / dt * max(self.service.mail, 1 / EMAILS_PER_SENDER)
        amounts.mailed += mailed

    def _sign(self, dt: float) -> None:
        """A signature is accepted if the table or the overflow queue has it."""
        amounts, second = self.amounts, int(self.now)
        returning = self.retries.take(second)
        arriving = self.load.rate(self.now + dt / 2) * dt if self.now < self.load.ends else 0.0
        requests = sum(returning) + arriving
        amounts.arrived += arriving
        amounts.posted += requests
        self._view(arriving, requests, dt)
        allowed = self._pass_gateway(requests)
        seconds = self.service.sign
        if self._is_down:  # It also calls the queue, perhaps after a timeout.
            seconds += lambdas.CALL_SECONDS + (HANG_SECONDS if self.load.hangs else 0)
        served = self.environments.serve(allowed, seconds, sum(self.busy.values()), dt)
        stored = self._write(served)
        refused = 1 - served / requests if requests else 0.0
        if refused:
            self.retries.add(second, arriving * refused, [number * refused for number in returning])
        self.busy["relay"] = stored * self.service.relay / dt
        amounts.accepted += served
        amounts.overflowed += served - stored
        amounts.stored += stored
        self._refuse("gateway", requests - allowed)
        self._refuse("Lambda", allowed - served)
        self._refuse("table", served - stored)

    def _view(self, arriving: float, signing: float, dt: float) -> None:
        """Share gateway and environments between viewers and the `signing` requests, by their numbers.

        A viewer who is refused does not come back.
        """
        wanted = arriving * self.service.view_requests
        at_api = min(wanted, self.service.misses * dt) if self.load.has_cdn else wanted
        if not at_api:
            return
        share = at_api / (at_api + signing)
        allowed = self._pass_gateway(min(at_api, self._tokens * share))
        served = min(allowed, self.account.concurrency * share * dt / self.service.view)
        self.busy["view"] = served * self.service.view / dt
        self.amounts.viewed += wanted
        self.amounts.unseen += at_api - served

    def _store_overflow(self, dt: float) -> None:
        """Store with few workers, and only with the table's capacity that signing left."""
        by_workers = 0.0 if self._is_down else self.account.storers / self.service.store * dt
        recovered = self._write(min(self.amounts.in_overflow, by_workers))
        self.busy["store"] = recovered * self.service.store / dt
        self.amounts.recovered += recovered
        self.amounts.stored += recovered

    def _pass_gateway(self, wanted: float) -> float:
        allowed = min(wanted, self._tokens)
        self._tokens -= allowed
        return allowed

    def _write(self, units: float) -> float:
        """Spread the units over the partitions as the petition's buckets are. Return how many the table takes."""
        taken = [min(units * share, left) for share, left in zip(self._shares, self._units, strict=True)]
        self._units = [left - units_here for left, units_here in zip(self._units, taken, strict=True)]
        return min(units, sum(taken))  # Shares sum to one, except for rounding.

    def _refuse(self, limit: str, amount: float) -> None:
        if amount > LITTLE:
            self.first.setdefault(limit, self.now)


class Environments:
    """The Lambda environments of the signing function. Lambda limits how many start in ten seconds. None ends.

    `cold`: the seconds of a cold start.
    """

    def __init__(self, account: Account, cold: float) -> None:
        self._account, self._cold = account, cold
        self._may_start = account.ramp
        self.warm = 0.0

    def serve(self, wanted: float, seconds: float, used_by_others: float, dt: float) -> float:
        """Return how many of `wanted` requests are served, which take `seconds` each.

        A new environment serves its first request late, and so fewer requests in its first step.
        """
        seconds = max(seconds, 1 / self._account.requests_each)
        self._may_start = min(self._account.ramp, self._may_start + self._account.ramp / 10 * dt)
        most = max(1.0, self._account.concurrency - used_by_others)
        by_warm = min(wanted, min(self.warm, most) * dt / seconds)
        by_a_new_one = 1 + max(0.0, dt - self._cold - seconds) / seconds
        new = max(0.0, min((wanted - by_warm) / by_a_new_one, self._may_start, most - self.warm))
        self._may_start -= new
        self.warm += new
        return min(wanted, by_warm + new * by_a_new_one)


@cache
def shares_of(partitions: int) -> tuple[float, ...]:
    """Return each partition's share of the petition's 64 buckets, which DynamoDB spreads by a hash.

    Of many random draws, use one whose hottest partition is the median. DynamoDB may split a hot partition after some
    minutes. The delay is not documented, so the model never splits one.
    """
    random = Random(partitions)
    draws = []
    for _ in range(101):
        places = [random.randrange(partitions) for _ in range(PARTITIONS)]
        draws.append(tuple(places.count(number) / PARTITIONS for number in range(partitions)))
    hottest = median_low(max(draw) for draw in draws)
    return next(draw for draw in draws if max(draw) == hottest)
