"""What happens to a crowd on this account: the model of docs/capacity.md, with the limits that were read."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from benchmarks import results
from benchmarks.model.limits import Account, account
from benchmarks.model.scenarios import Run, run_on, steady
from benchmarks.model.service import Service, calibrated
from stack.ready.problems import Defect
from stack.ready.reading import Values

MINUTE, HOUR, DAY = 60, 3_600, 86_400
# What "ready" means, in seconds: nobody waits longer for an answer, and no email comes later after the end.
LONGEST_WAIT, LATEST_EMAIL = MINUTE, HOUR
# The share of page views that may fail.
LOST_VIEWS = 0.01
# The model's limits that are read from the account, and where. The others are facts about AWS or our own settings.
_READ = {
    "gateway_rate": "gateway.rate",
    "gateway_burst": "gateway.burst",
    "concurrency": "lambda.concurrency",
    "table_warm": "table.warm_signatures",
    "table_quota": "table.quota",
    "mail_rate": "ses.rate",
    "mail_daily": "ses.daily",
    "mail_pace": "stack.MailPerSecond",
    "senders": "stack.MailSenders",
}
_UNLIMITED = 1e9
NAMES = {
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
    """Signatures a second, for how many seconds."""

    rate: float
    seconds: float

    @property
    def total(self) -> float:
        return self.rate * self.seconds


@dataclass(frozen=True)
class Forecast:
    """The model's result. Times in seconds; `last_email` is after the end of the load. None: not within its horizon."""

    expected: Expected
    first: str
    first_after: int
    waiting: int
    longest_wait: int
    overflow: int
    all_stored: int | None
    last_email: float
    lost_views: float
    assumed: tuple[str, ...]
    problems: tuple[Defect, ...] = ()

    @property
    def holds(self) -> bool:
        is_in_time = self.longest_wait <= LONGEST_WAIT and self.last_email <= LATEST_EMAIL
        return is_in_time and self.lost_views <= LOST_VIEWS

    @property
    def is_ready(self) -> bool:
        return self.holds and not self.problems


def judged(values: Values, expected: Expected, problems: tuple[Defect, ...]) -> Forecast:
    limits, assumed = limits_of(values)
    load = replace(steady(expected.rate, expected.seconds), cached=bool(values.get("stack.has_cdn")))
    done = run_on(limits, load, service(), values.get("ses.sent", 0))
    return replace(_read_off(done, expected), assumed=assumed, problems=problems)


def service() -> Service:
    return calibrated(results.read())


def limits_of(values: Values) -> tuple[Account, tuple[str, ...]]:
    """Return the account, and which of its values were not read: for those the usual quota is assumed."""
    usual = account("default")
    found = {limit: float(values.get(name)) for limit, name in _READ.items() if values.has(name)}
    if found.get("mail_daily", 0) < 0:
        found["mail_daily"] = _UNLIMITED
    # No limit is 0 on AWS. The emulator says so of what it does not know.
    known = {limit: number for limit, number in found.items() if number > 0}
    assumed = tuple(name for limit, name in _READ.items() if limit not in known)
    return replace(usual, name="yours", **_all(known)), assumed


def _all(known: Mapping[str, float]) -> dict[str, Any]:
    assert known.keys() <= {field.name for field in fields(Account)}
    return dict(known)


def _read_off(done: Run, expected: Expected) -> Forecast:
    figures = done.figures
    first = sorted(figures["held_up_first_s"].items(), key=lambda one: one[1])
    who, when = first[0] if first else ("", 0)
    return Forecast(
        expected=expected,
        first=NAMES.get(who, ""),
        first_after=when,
        waiting=figures["peak_waiting"],
        longest_wait=figures["longest_wait_s"],
        overflow=figures["peak_overflow"],
        all_stored=figures["all_stored_s"],
        last_email=max(0.0, figures["mailed_days"] * DAY - expected.seconds),
        lost_views=figures["views_refused"],
        assumed=(),
    )
