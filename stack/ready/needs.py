"""What a crowd needs, by the formulas of docs/capacity.md ("The formulas of make ready"), and how to raise it."""

from collections.abc import Iterator, Mapping
from math import ceil, inf, log, sqrt
from typing import Any, NamedTuple

from chalicelib.core.keys import PARTITIONS
from chalicelib.mail.rate_limit import EMAILS_PER_SENDER, senders_for
from stack.ready.account import CheckedStack, Values
from stack.template.functions import logical_id

REQUESTS, VIEWS = 3, 80  # requests of a signer, and of the ten page views that a signature brings
MISSES = 39  # requests a second that pass the CDN
REQUESTS_EACH = 10  # requests a second that Lambda sends to one environment
PARTITION, MAX_PARTITIONS = 1_000, 256  # write units a second of a table's partition
CONFIRMATIONS_EACH, MIN_SHARDS, MAX_SHARDS = 25, 10, 90  # confirmations a second of a tally's shard
EMAIL_DELAY = 1_800  # seconds from the end of the crowd to the last email
SHARE_OF_SES_RATE = 0.85
STORED_EACH = 400  # signatures a second for each worker of the overflow queue
MIN_UNRESERVED = 100  # executions that Lambda always keeps for the functions without a reservation
UNIT_USD = 0.00065  # of one more unit of warm throughput, once: benchmarks/cost/prices.toml
DAY = 86_400
# AWS promises no times.
_DAYS, _A_DAY, _HOURS = "minutes, or days if AWS Support decides: allow a week", "about a day", "an hour or two"
_MINUTES, _STAYS = "minutes, and needs nobody at AWS", "free; they can never be lowered"


class Expected(NamedTuple):
    """`rate`: signatures a second. `seconds`: for how long."""

    rate: float
    seconds: float

    @property
    def total(self) -> float:
        return self.rate * self.seconds

    @property
    def emails(self) -> int:
        """Return how many emails a second send the last one in time."""
        return EMAILS_PER_SENDER * ceil(self.total / (self.seconds + EMAIL_DELAY) / EMAILS_PER_SENDER)

    @property
    def units(self) -> int:
        """Return the write units: one to sign, two for an email, two to confirm. The fullest partition decides."""
        for partitions in range(1, MAX_PARTITIONS):
            mean = PARTITIONS / partitions
            share_of_fullest = min(1, (mean + sqrt(2 * mean * log(partitions))) / PARTITIONS)
            if (self.rate + 4 * self.emails) * share_of_fullest <= PARTITION:
                return partitions * PARTITION
        return MAX_PARTITIONS * PARTITION


class Need(NamedTuple):
    """`now`: None if it could not be read. `harm`: what people notice if it is too low. `how`: what raises it."""

    what: str
    now: float | None
    needed: float
    harm: str
    takes: str
    how: str

    @property
    def is_too_low(self) -> bool:
        return self.now is not None and self.now < self.needed


def needs(crowd: Expected, values: Values, stack: CheckedStack, stage: str) -> list[Need]:
    """Return all needs. Those that take longest to raise come first."""
    found = {**values.found}
    if found.get("ses.daily") == -1:  # SES has no quota for this account.
        found["ses.daily"] = inf
    executions = ceil(REQUESTS * crowd.rate / REQUESTS_EACH) + senders_for(crowd.emails) + MIN_UNRESERVED
    requests, units, emails = ceil(REQUESTS * crowd.rate) + MISSES, crowd.units, crowd.emails
    needs_cdn = requests + VIEWS * crowd.rate > found.get("gateway.rate", inf)
    needs_cdn |= executions + VIEWS * crowd.rate / REQUESTS_EACH > found.get("lambda.concurrency", inf)
    daily, ses_rate = found.get("ses.sent", 0) + round(1.1 * crowd.total), ceil(emails / SHARE_OF_SES_RATE)
    # Confirmations come no faster than emails are sent.
    confirmations = min(crowd.rate, max(emails, found["mail_per_second"]))
    shards = min(MAX_SHARDS, max(MIN_SHARDS, ceil(confirmations / CONFIRMATIONS_EACH)))
    wait = "people would wait for an answer"
    sent_each_second = min(SHARE_OF_SES_RATE * found.get("ses.rate", inf), found["mail_per_second"])
    days = ceil((crowd.total + found.get("ses.sent", 0)) / found.get("ses.daily", inf)) - 1
    delay = max(0, crowd.total / sent_each_second - crowd.seconds, days * DAY - crowd.seconds)
    late = f"the last email would be sent {duration(delay)} after the end"
    slow = "many signatures would be stored, and their emails sent, later"
    ask = (
        f'SES console, Sending limits: "We ask for {daily:,.0f} emails in 24 hours and {ses_rate:,} a second. We run a'
        f" charity's petition. A broadcast will bring about {crowd.total:,.0f} people. Each gets one email, to confirm"
        ' their signature. We handle bounces and complaints, and each email has a link to stop them."'
    )
    deploy, quota = f"make deploy STAGE={stage}", "aws service-quotas request-service-quota-increase --service-code"
    rows = (
        ("lambda.concurrency", "Lambda: concurrent executions", executions, wait, _DAYS,
         f"{quota} lambda --quota-code L-B99A9384 --desired-value {executions}"),
        ("gateway.rate", "API Gateway: requests a second", requests, wait, _DAYS,
         f"{quota} apigateway --quota-code L-8A5B8E43 --desired-value {requests}"),
        ("table.quota", "DynamoDB: write units of a table", units, slow, _DAYS,
         f"{quota} dynamodb --quota-code L-AB614373 --desired-value {units}"),
        ("ses.daily", "SES: emails in 24 hours", daily, late, _A_DAY, ask),
        ("ses.rate", "SES: emails a second", ses_rate, late, _A_DAY, "the same request"),
        ("cdn", "page views: a CDN before them", int(needs_cdn), "many page views would fail", _HOURS,
         f"{deploy} EDGE_DOMAIN=…: docs/deploy.md"),
        ("mail_per_second", "ours: emails a second", emails, late, _MINUTES, f"{deploy} MAIL_PER_SECOND={emails}"),
        ("gateway.signing", "ours: people who sign, a second", crowd.rate, wait, _MINUTES,
         "raise SIGNING in chalicelib/edge/route.py, and deploy"),
        ("table.warm", "DynamoDB: warm write units", units, slow, _MINUTES, _warming(units, found, stack)),
    )  # fmt: skip
    twice = "some people would have to confirm twice"
    tallies = [
        Need(f"tally shards of {slug}", now, shards, twice, _MINUTES, f"manage.py shards {slug} {shards} ({_STAYS})")
        for slug, now in found.get("petitions.shards", ())
    ]
    return [Need(what, found.get(name), *rest) for name, what, *rest in rows] + tallies


def _warming(units: int, found: Mapping[str, Any], stack: CheckedStack) -> str:
    possible = min(units, found.get("table.quota", units))  # AWS warms no table above the quota.
    price = UNIT_USD * max(0, possible - found.get("table.warm", 0))
    table = f"aws dynamodb update-table --table-name {stack.outputs.get('SignaturesTableName')}"
    return f"{table} --warm-throughput WriteUnitsPerSecond={possible} (${price:,.2f} once; it can never be lowered)"


def reservations(crowd: Expected, stack: CheckedStack) -> Iterator[str]:
    """Yield the commands that keep executions for four functions on the evening, and those that undo it."""
    needed = {
        "authorizer": 20,
        "relay_mail": 4 * crowd.units // PARTITION,  # Four read one shard of the stream, and a partition has one.
        "send_mail": senders_for(crowd.emails),
        "store_overflow": max(2, ceil(crowd.rate / STORED_EACH)),
    }
    for name, executions in needed.items():
        function = f"function-concurrency --function-name {stack.outputs.get(f'{logical_id(name)}Name')}"
        put = f"aws lambda put-{function} --reserved-concurrent-executions {executions}"
        yield f"{put}\n    undo: aws lambda delete-{function}"


def duration(seconds: float) -> str:
    """Return a duration as text, in the largest unit of which there are at least two: 60 minutes, 3 hours, 26 days."""
    for unit, name in ((DAY, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:,.0f} {name}"
    return f"{seconds:,.0f} seconds"
