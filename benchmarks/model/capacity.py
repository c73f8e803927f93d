"""The limits of the model: gateway requests, Lambda environments, the table's write units, SES's rate and quota.

The model runs in steps of `dt` seconds. `take` gets the amount that wants to pass a limit in a step, and returns how
much passes. A petition's signatures are in 64 buckets, each with a partition key of its own.
"""

from collections import Counter, deque
from functools import cache
from math import ceil
from random import Random

from benchmarks.model.limits import Account
from chalicelib.core.keys import BUCKETS

DRAWS = 101
DAY, BIN = 86_400, 600
MINUTE, HALF_HOUR = 60, 1_800


class GatewayThrottle:
    """API Gateway's token bucket for all requests of the account."""

    def __init__(self, account: Account) -> None:
        self._rate, self._burst = account.gateway_rate, account.gateway_burst
        self._tokens = self._burst

    def begin(self, dt: float) -> None:
        # The bucket holds at most the burst. The tokens that arrive during the step can be spent during the step.
        self._tokens = min(self._burst, self._tokens) + self._rate * dt

    @property
    def left(self) -> float:
        """Return how many requests may still pass in this step."""
        return self._tokens

    def take(self, wanted: float) -> float:
        allowed = min(wanted, self._tokens)
        self._tokens -= allowed
        return allowed


class Environments:
    """The Lambda environments of the signing function. Lambda limits how many start in ten seconds.

    In the model, no environment ends. `cold`: the seconds of a cold start.
    """

    def __init__(self, account: Account, cold: float) -> None:
        self._account, self._cold = account, cold
        self._may_start = account.ramp  # how many environments may start now
        self.warm = 0.0
        self.started = 0.0

    def take(self, wanted: float, seconds: float, used_by_others: float, dt: float) -> float:
        """Return how many of `wanted` requests are served. Each takes `seconds`.

        Other functions use `used_by_others` environments. A new environment serves its first request late, and so
        serves fewer requests in its first step.
        """
        # In one environment, Lambda serves at most `requests_each` requests a second.
        seconds_of_a_request = max(seconds, 1 / self._account.requests_each)
        starts_a_second = self._account.ramp / 10
        self._may_start = min(self._account.ramp, self._may_start + starts_a_second * dt)
        maximum = max(1.0, self._account.concurrency - used_by_others)
        served_by_warm = min(wanted, min(self.warm, maximum) * dt / seconds_of_a_request)
        seconds_after_first_request = max(0.0, dt - self._cold - seconds_of_a_request)
        served_by_a_new_one = 1 + seconds_after_first_request / seconds_of_a_request
        needed = (wanted - served_by_warm) / served_by_a_new_one
        new = max(0.0, min(needed, self._may_start, maximum - self.warm))
        self._may_start -= new
        self.warm += new
        self.started += new
        return min(wanted, served_by_warm + new * served_by_a_new_one)


class Table:
    """An on-demand table. Its partitions have equal parts of its capacity, so the hottest partition refuses first.

    The capacity is twice the old peak (the peak until half an hour ago), at least the warm throughput, and at most the
    quota.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        # For each of the last 30 minutes: when it ended, and its mean in units a second.
        self._minutes: deque[tuple[float, float]] = deque()
        self._minute_began, self._units_in_minute = 0.0, 0.0
        # Units a second: the highest mean of a minute that ended at least half an hour ago.
        self._old_peak = 0.0
        self._units_left: list[float] = []  # in this step, by partition
        self._shares: tuple[float, ...] = ()
        self.is_down = False

    @property
    def capacity(self) -> float:
        """Return the write units a second of all partitions together."""
        return min(self._account.table_quota, max(self._account.table_warm, 2 * self._old_peak))

    @property
    def partitions(self) -> int:
        return ceil(self.capacity / self._account.partition)

    def begin(self, now: float, dt: float) -> None:
        self._remember(now)
        self._shares = shares_of(self.partitions)
        units_each = 0.0 if self.is_down else self.capacity / self.partitions * dt
        self._units_left = [units_each] * self.partitions

    def take(self, units: float) -> float:
        """Take units, spread over the partitions as the petition's buckets are. Return how many the table allows."""
        allowed = 0.0
        for number, share in enumerate(self._shares):
            allowed_here = min(units * share, self._units_left[number])
            self._units_left[number] -= allowed_here
            allowed += allowed_here
        allowed = min(units, allowed)  # Shares sum to one, except for rounding.
        self._units_in_minute += allowed
        return allowed

    def _remember(self, now: float) -> None:
        """Record the mean of each minute, because shorter peaks do not make a table grow. Update the old peak."""
        if now - self._minute_began >= MINUTE:
            mean = self._units_in_minute / (now - self._minute_began)
            self._minutes.append((now, mean))
            self._minute_began, self._units_in_minute = now, 0.0
        while self._minutes and self._minutes[0][0] <= now - HALF_HOUR:
            _, mean = self._minutes.popleft()
            self._old_peak = max(self._old_peak, mean)


@cache
def shares_of(partitions: int) -> tuple[float, ...]:
    """Return each partition's share of the petition's 64 buckets. DynamoDB spreads buckets over partitions by a hash.

    Of many random draws, use the one whose hottest partition is the median. DynamoDB may split a hot partition after
    some minutes. The delay is not documented, so the model never splits a partition.
    """
    random = Random(partitions)
    draws = [_random_draw(random, partitions) for _ in range(DRAWS)]
    by_hottest_partition = sorted(draws, key=lambda draw: max(draw.values()))
    median_draw = by_hottest_partition[DRAWS // 2]
    return tuple(median_draw[number] / len(BUCKETS) for number in range(partitions))


def _random_draw(random: Random, partitions: int) -> Counter[int]:
    """Put each bucket into a random partition. Return the number of buckets in each partition."""
    return Counter(random.randrange(partitions) for _ in BUCKETS)


class SesQuota:
    """SES's limits: emails a second, and emails in any 24 hours. Sent emails are summed by intervals of BIN seconds."""

    def __init__(self, account: Account) -> None:
        self._rate, self._daily = account.mail_rate, account.mail_daily
        # For each interval of the last 24 hours: when it began, and its emails.
        self._bins: deque[tuple[float, float]] = deque()
        self._sent = 0.0

    def left(self, now: float, dt: float) -> tuple[float, float]:
        """Return how many emails the rate allows in this step, and how many the daily quota still allows."""
        # Forget an interval when its last email, up to BIN seconds after its begin, is a day old.
        while self._bins and self._bins[0][0] <= now - DAY - BIN:
            _, emails = self._bins.popleft()
            self._sent -= emails
        return self._rate * dt, max(0.0, self._daily - self._sent)

    def record_sent(self, now: float, amount: float) -> None:
        self._sent += amount
        if self._bins and now - self._bins[-1][0] < BIN:
            began, before = self._bins.pop()
            self._bins.append((began, before + amount))
        else:
            self._bins.append((now, amount))
