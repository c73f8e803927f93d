"""Forecast what happens to a crowd on this account, by the model of docs/capacity.md with the limits that were read."""

from dataclasses import dataclass, replace
from typing import Any

from benchmarks import results
from benchmarks.model.limits import Account, account
from benchmarks.model.scenarios import SimulationRun, run_on, steady
from benchmarks.model.service import Service, calibrated_service
from stack.ready.defects import Defect
from stack.ready.reading import Values

MINUTE, HOUR, DAY = 60, 3_600, 86_400
# An account has the capacity for a crowd if it keeps these limits. In seconds: how long people may wait for an answer
# (99 of 100 of them), and how long after the end of the crowd the last email may be sent.
MAX_WAIT, MAX_EMAIL_DELAY = MINUTE, HOUR
# The share of page views that may fail.
MAX_LOST_VIEWS = 0.01
# The name of the value that was read for each limit of the model. Other limits are facts about AWS or the template.
_VALUE_BY_LIMIT = {
    "gateway_rate": "gateway.rate",
    "gateway_burst": "gateway.burst",
    "concurrency": "lambda.concurrency",
    "table_warm": "table.warm_signatures",
    "table_quota": "table.quota",
    "mail_rate": "ses.rate",
    "mail_daily": "ses.daily",
    "mail_per_second": "stack.MailPerSecond",
    "senders": "stack.MailSenders",
}
_UNLIMITED = 1e9
# How the report names each limit of the model.
BOTTLENECKS = {
    "Lambda": "Lambda's concurrent executions",
    "gateway": "API Gateway's rate",
    "table": "the signatures table's write units",
    "our senders": "our own MAIL_PER_SECOND",
    "SES rate": "SES's rate",
    "SES day": "SES's quota of 24 hours",
    "pages: Lambda": "Lambda's concurrent executions, for page views",
    "pages: gateway": "API Gateway's rate, for page views",
}


@dataclass(frozen=True)
class Expected:
    """The expected crowd. `rate`: signatures a second. `seconds`: for how long."""

    rate: float
    seconds: float

    @property
    def total(self) -> float:
        return self.rate * self.seconds


@dataclass(frozen=True)
class Forecast:
    """The model's result. All times are in seconds.

    `first_bottleneck`: the limit that first slows something down; "" if none does. `bottleneck_after`: how long after
    the start of the crowd it does so. `waiting`, `overflow`: the most people who wait, and the most signatures in the
    overflow queue, at one moment. `longest_wait`: the time within which 99 of 100 people have an answer, if they come
    at the worst moment. `all_stored`: how long after the start of the crowd all signatures are stored; None if the
    model ends earlier. `last_email`: how long after the end of the crowd the last email is sent. `lost_views`: the
    share of page views that fail. `assumed`: the names of values that could not be read; the model assumes AWS's usual
    quotas for them.
    """

    expected: Expected
    first_bottleneck: str
    bottleneck_after: int
    waiting: int
    longest_wait: int
    overflow: int
    all_stored: int | None
    last_email: float
    lost_views: float
    assumed: tuple[str, ...]
    defects: tuple[Defect, ...] = ()

    @property
    def has_capacity(self) -> bool:
        is_in_time = self.longest_wait <= MAX_WAIT and self.last_email <= MAX_EMAIL_DELAY
        return is_in_time and self.lost_views <= MAX_LOST_VIEWS

    @property
    def is_ready(self) -> bool:
        return self.has_capacity and not self.defects


def make_forecast(values: Values, expected: Expected, defects: tuple[Defect, ...]) -> Forecast:
    """Run the model for the expected crowd, with the limits that were read. Add the defects to its result."""
    limits, assumed = limits_of(values)
    has_cdn = bool(values.get("stack.has_cdn"))
    load = replace(steady(expected.rate, expected.seconds), has_cdn=has_cdn)
    emails_of_last_day = values.get("ses.sent", 0)
    run = run_on(limits, load, service_times(), sent=emails_of_last_day)
    return replace(_forecast_of(run, expected), assumed=assumed, defects=defects)


def service_times() -> Service:
    """Return how long our functions take for each step (benchmarks/model/service.py)."""
    return calibrated_service(results.read())


def limits_of(values: Values) -> tuple[Account, tuple[str, ...]]:
    """Return the account's limits, and the names of the values that could not be read.

    Where a value could not be read, the limit is AWS's usual quota.
    """
    usual = account("default")
    read_limits: dict[str, Any] = {}
    assumed: list[str] = []
    for limit, name in _VALUE_BY_LIMIT.items():
        # 0: the value could not be read, or the emulator does not know it. AWS itself has no limit of 0.
        number = float(values.get(name, 0))
        if limit == "mail_daily" and number < 0:  # SES returns -1 if there is no quota.
            number = _UNLIMITED
        if number > 0:
            read_limits[limit] = number
        else:
            assumed.append(name)
    limits = replace(usual, name="this account", **read_limits)
    return limits, tuple(assumed)


def _forecast_of(run: SimulationRun, expected: Expected) -> Forecast:
    figures = run.figures
    # After how many seconds each limit first slowed something down.
    first_times = figures["held_up_first_s"]
    first_limit = min(first_times, key=lambda limit: first_times[limit], default="")
    last_email_at = figures["mailed_days"] * DAY  # Seconds after the start of the crowd.
    return Forecast(
        expected=expected,
        first_bottleneck=BOTTLENECKS.get(first_limit, ""),
        bottleneck_after=first_times.get(first_limit, 0),
        waiting=figures["peak_waiting"],
        longest_wait=figures["longest_wait_s"],
        overflow=figures["peak_overflow"],
        all_stored=figures["all_stored_s"],
        last_email=max(0.0, last_email_at - expected.seconds),
        lost_views=figures["views_refused"],
        assumed=(),  # `make_forecast` sets it.
    )
