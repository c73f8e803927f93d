"""Find the limits that are too low for the expected crowd, and how to raise them.

Each increase has a command or the text of a request to AWS, and the time that it usually takes. "The model" computes
what a crowd needs. docs/capacity.md describes the model.
The functions `_possible_...` also yield an increase for each limit that is high enough; `increases` leaves these out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from benchmarks.model.needs import MAX_SHARDS, needs, shards_for
from chalicelib.mail.rate_limit import EMAILS_PER_SENDER
from stack.ready.defects import Defect
from stack.ready.forecast import MAX_EMAIL_DELAY, Expected, limits_of, service_times
from stack.ready.reading import Values
from stack.template.functions import MIN_UNRESERVED

# How many hours an increase usually takes. AWS makes no promise.
_SOME_DAYS, _ONE_DAY, _SOME_HOURS, _SOME_MINUTES = 72, 24, 2, 0.1
_DURATIONS = {
    _SOME_DAYS: "small increases in minutes, large ones through AWS Support: allow a week",
    _ONE_DAY: "about a day",
    _SOME_HOURS: "an hour or two",
    _SOME_MINUTES: "minutes, and needs nobody at AWS",
}
# Our senders use this share of SES's rate, because SES's clock and ours differ a little (docs/deploy.md).
_USED_SHARE_OF_SES_RATE = 0.85


@dataclass(frozen=True)
class Increase:
    """A limit to raise. `what`: the limit's name. `now`, `needed`: its value now, and the value that the crowd needs.

    `how`: the command, or the text of the request to AWS. `hours`: how long the increase usually takes.
    """

    what: str
    now: float
    needed: float
    how: str
    hours: float

    @property
    def takes(self) -> str:
        return _DURATIONS[self.hours]


def increases(values: Values, expected: Expected, stage: str) -> list[Increase]:
    """Return an increase for each limit that is too low. The slowest increases come first."""
    requests = [*_possible_email_increases(values, expected), *_possible_quota_increases(values, expected)]
    possible = [*requests, *_possible_setting_increases(values, expected, stage)]
    too_low = [increase for increase in possible if increase.now < increase.needed]
    return sorted(too_low, key=lambda increase: increase.hours, reverse=True)


def needed_mail_rate(expected: Expected) -> int:
    """Return how many emails a second must be sent, so that the last email is sent in time.

    The rate sends the last email within half of MAX_EMAIL_DELAY after the end of the crowd, so that it is well in time.
    The result is a multiple of EMAILS_PER_SENDER, which one sender sends in a second, as docs/deploy.md advises.
    """
    rate_in_time = expected.total / (expected.seconds + MAX_EMAIL_DELAY / 2)
    return EMAILS_PER_SENDER * ceil(rate_in_time / EMAILS_PER_SENDER)


def _possible_email_increases(values: Values, expected: Expected) -> Iterator[Increase]:
    limits, _assumed = limits_of(values)
    daily = round(expected.total * 1.1)  # One email for each signature, and 10 % more to be safe.
    ses_rate = ceil(needed_mail_rate(expected) / _USED_SHARE_OF_SES_RATE)
    text = (
        f'SES console, Sending limits: "We ask for {daily:,} emails in 24 hours and {ses_rate:,} a second.'
        f" We run a charity's petition. A broadcast will bring about {expected.total:,.0f} people. Each gets one email,"
        ' to confirm their signature. We handle bounces and complaints, and each email has a link to stop them."'
    )
    yield Increase("SES: emails in 24 hours", limits.mail_daily, daily, text, _ONE_DAY)
    yield Increase("SES: emails a second", limits.mail_rate, ses_rate, "the same request", _ONE_DAY)


def _possible_quota_increases(values: Values, expected: Expected) -> Iterator[Increase]:
    limits, _assumed = limits_of(values)
    need = needs(ceil(expected.rate), service_times())
    # Assume that all executions that the crowd needs are reserved ones. Then the limit must also have room for
    # MIN_UNRESERVED, which Lambda does not let us reserve.
    executions = need.concurrency + MIN_UNRESERVED
    yield _quota("Lambda: concurrent executions", limits.concurrency, executions, "lambda", "L-B99A9384")
    yield _quota("API Gateway: requests a second", limits.gateway_rate, need.gateway_rate, "apigateway", "L-8A5B8E43")
    units = needed_table_units(expected)
    yield _quota("DynamoDB: write units of a table", limits.table_quota, units, "dynamodb", "L-AB614373")


def needed_table_units(expected: Expected) -> int:
    """Return the warm throughput that the signatures table needs for the crowd.

    At a high rate, no throughput is enough for signing, email and confirmations, because the items of one petition
    cannot be spread over enough partitions. Then return what is enough for signing alone.
    """
    need = needs(ceil(expected.rate), service_times())
    return need.table_units_for_all or need.table_units_to_sign


def _quota(what: str, now: float, needed: float, service_code: str, quota_code: str) -> Increase:
    command = (
        f"aws service-quotas request-service-quota-increase --service-code {service_code} --quota-code {quota_code}"
        f" --desired-value {needed:.0f}"
    )
    return Increase(what, now, needed, command, _SOME_DAYS)


def _possible_setting_increases(values: Values, expected: Expected, stage: str) -> Iterator[Increase]:
    limits, _assumed = limits_of(values)
    rate = needed_mail_rate(expected)
    units = needed_table_units(expected)
    warm = f"make warm STAGE={stage} EXPECT={expected.rate:g}/s FOR={expected.seconds:g}s"
    deploy = f"make deploy STAGE={stage} MAIL_PER_SECOND={rate}"
    deploy_cdn = f"make deploy STAGE={stage} EDGE_DOMAIN=…: docs/deploy.md"
    # A missing CDN is shown like a limit that is 0 and must be 1.
    cdns = 1 if values.get("stack.has_cdn") else 0
    yield Increase("page views: a CDN before them", cdns, 1, deploy_cdn, _SOME_HOURS)
    yield Increase("ours: emails a second", limits.mail_per_second, rate, deploy, _SOME_MINUTES)
    yield Increase("DynamoDB: warm write units", limits.table_warm, units, warm, _SOME_MINUTES)


def throttle_defects(values: Values, expected: Expected) -> Iterator[Defect]:
    """Yield a defect if the gateway's throttle of signing, which we set ourselves, is too low for the crowd.

    The model does not know this throttle. It uses only the account's throttle.
    """
    throttle = values.get("gateway.signing")
    if throttle is not None and throttle < expected.rate:
        text = f"the site's own throttle lets {throttle:,.0f} people sign a second"
        yield Defect(text, "raise SIGNING in chalicelib/edge/routes.py, and deploy")


def shard_defects(values: Values, expected: Expected) -> Iterator[Defect]:
    """Yield a defect for each open petition whose tally has too few shards for the expected confirmations.

    A shard is one of the items that together hold a petition's tally. With too few shards, the writes of confirmations
    often conflict and must be repeated.
    """
    rate = _confirmations_per_second(values, expected)
    needed = needed_shards(values, expected)
    for slug, shards in values.get("petitions.shards", {}).items():
        if shards < needed:
            text = f"{slug} has {shards} tally shards: at {rate:,.0f} confirmations a second some must be repeated"
            yield Defect(text, f"manage.py shards {slug} {needed}, or make warm. They can never be lowered")


def needed_shards(values: Values, expected: Expected) -> int:
    """Return how many shards each tally needs for the expected confirmations, but at most MAX_SHARDS."""
    # `shards_for` returns None if even MAX_SHARDS are too few.
    return shards_for(_confirmations_per_second(values, expected)) or MAX_SHARDS


def _confirmations_per_second(values: Values, expected: Expected) -> float:
    """Return the expected confirmations a second: at most the rate of the emails that ask people to confirm.

    Each tally needs enough shards for this rate. If a limit of email could not be read, `limits_of` assumes the usual
    limit. Ignore an assumed limit: the real one may be higher, and then the tallies would have too few shards, so that
    confirmations conflict. Too many shards are the smaller harm: they only make reads dearer.
    """
    limits, assumed = limits_of(values)
    # SES's limit, and our own (MAIL_PER_SECOND).
    mail_rates = {"ses.rate": limits.mail_rate, "stack.MailPerSecond": limits.mail_per_second}
    known_rates = [rate for name, rate in mail_rates.items() if name not in assumed]
    return min([expected.rate, *known_rates])
