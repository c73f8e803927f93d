"""What to raise for the expected crowd: in which order, with the command, and how long AWS usually takes."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from benchmarks.model.needs import MOST_SHARDS, needs, shards_for
from stack.ready.problems import Defect
from stack.ready.reading import Values
from stack.ready.verdict import LATEST_EMAIL, Expected, limits_of, service

# Hours that it usually takes. AWS promises none of them.
_DAYS, _DAY, _HOURS, _MINUTES = 72, 24, 2, 0.1
_TAKES = {
    _DAYS: "small increases in minutes, large ones through AWS Support: allow a week",
    _DAY: "about a day",
    _HOURS: "an hour or two",
}
# SES's clock and ours differ a little (docs/deploy.md).
_BELOW = 0.85
_UNRESERVED = 100


@dataclass(frozen=True)
class Ask:
    """Raise `what` from `now` to `wanted`. `how` is the command or the text of the request."""

    what: str
    now: float
    wanted: float
    how: str
    hours: float

    @property
    def takes(self) -> str:
        return _TAKES.get(int(self.hours), "minutes, and needs nobody at AWS")


def asks(values: Values, expected: Expected, stage: str) -> list[Ask]:
    """Return the limits that are too low. Those that take longest to raise come first."""
    found = [*_of_email(values, expected), *_of_quotas(values, expected), *_of_ours(values, expected, stage)]
    return sorted((ask for ask in found if ask.now < ask.wanted), key=lambda ask: -ask.hours)


def mail_rate(expected: Expected) -> int:
    """Return the emails a second that send the last one well in time, as a multiple of four (docs/deploy.md)."""
    rate_in_time = expected.total / (expected.seconds + LATEST_EMAIL / 2)
    return 4 * ceil(min(expected.rate, rate_in_time) / 4)


def _of_email(values: Values, expected: Expected) -> Iterator[Ask]:
    limits, _ = limits_of(values)
    daily, rate = round(expected.total * 1.1), ceil(mail_rate(expected) / _BELOW)
    text = (
        f'SES console, Sending limits: "We ask for {daily:,} emails in 24 hours and {rate:,} a second.'
        f" We run a charity's petition. A broadcast will bring about {expected.total:,.0f} people. Each gets one email,"
        ' to confirm their signature. We handle bounces and complaints, and each email has a link to stop them."'
    )
    yield Ask("SES: emails in 24 hours", limits.mail_daily, daily, text, _DAY)
    yield Ask("SES: emails a second", limits.mail_rate, rate, "the same request", _DAY)


def _of_quotas(values: Values, expected: Expected) -> Iterator[Ask]:
    limits, _ = limits_of(values)
    need = needs(ceil(expected.rate), service())
    at_once = need.concurrency + _UNRESERVED
    yield _quota("Lambda: concurrent executions", limits.concurrency, at_once, "lambda", "L-B99A9384")
    yield _quota("API Gateway: requests a second", limits.gateway_rate, need.gateway_rate, "apigateway", "L-8A5B8E43")
    units = need.table_units_for_all or need.table_units_to_sign
    yield _quota("DynamoDB: write units of a table", limits.table_quota, units, "dynamodb", "L-AB614373")


def _quota(what: str, now: float, wanted: float, service_code: str, code: str) -> Ask:
    command = (
        f"aws service-quotas request-service-quota-increase --service-code {service_code} --quota-code {code}"
        f" --desired-value {wanted:.0f}"
    )
    return Ask(what, now, wanted, command, _DAYS)


def _of_ours(values: Values, expected: Expected, stage: str) -> Iterator[Ask]:
    limits, _ = limits_of(values)
    need = needs(ceil(expected.rate), service())
    rate, units = mail_rate(expected), need.table_units_for_all or need.table_units_to_sign
    warm = f"make warm STAGE={stage} EXPECT={expected.rate:g}/s FOR={expected.seconds:g}s"
    deploy = f"make deploy STAGE={stage} MAIL_PER_SECOND={rate}"
    cdn = f"make deploy STAGE={stage} EDGE_DOMAIN=…: docs/deploy.md"
    yield Ask("page views: a CDN before them", float(bool(values.get("stack.has_cdn"))), 1, cdn, _HOURS)
    yield Ask("ours: emails a second", limits.mail_pace, rate, deploy, _MINUTES)
    yield Ask("DynamoDB: warm write units", limits.table_warm, units, warm, _MINUTES)


def of_throttle(values: Values, expected: Expected) -> Iterator[Defect]:
    """Yield a defect if the site's own throttle is too low. The model knows only the account's throttle."""
    throttle = values.get("gateway.signing", expected.rate)
    if throttle < expected.rate:
        text = f"the site's own throttle lets {throttle:,.0f} people sign a second"
        yield Defect(text, "raise SIGNING in chalicelib/edge/routes.py, and deploy")


def of_shards(values: Values, expected: Expected) -> Iterator[Defect]:
    """Yield a defect for each open petition with too few shards: its confirmations would conflict too often."""
    limits, _ = limits_of(values)
    confirmed = min(expected.rate, limits.mail_rate, limits.mail_pace)
    wanted = shards_for(confirmed) or MOST_SHARDS
    for slug, shards in values.get("petitions.shards", {}).items():
        if shards < wanted:
            text = f"{slug} has {shards} tally shards: at {confirmed:,.0f} confirmations a second some must be repeated"
            yield Defect(text, f"manage.py shards {slug} {wanted}, or make warm. They can never be lowered")
