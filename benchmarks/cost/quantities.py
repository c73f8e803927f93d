"""How many units of each priced item one confirmed signature uses, calculated from measurements."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks import declared, lambdas
from chalicelib.core.keys import BUCKETS

Way = Mapping[str, Any]
GB = 1e9
# A petition on the UK Parliament's site is open for six months, so a signature is stored for at least that long.
MONTHS = 6
# "100 bytes of storage overhead" for each item (DynamoDB developer guide, Item sizes and formats).
ITEM_OVERHEAD = 100
REQUESTS = ("sign", "confirm_page", "confirm")
# The stream's filters pass put and claim to the relay (both have `mail_kind`), and all but claims to the projections.
# The template lists the SES events that a delivered email causes.
CHANGES = {"relay": ("put", "claim"), "project": ("put", "mark", "confirm")}
# A put and a confirmation change both counters of their bucket, and a mark changes one: together, this many puts.
PROJECTED = 2.5
# Put, claim, mark, confirm: each makes a stream record, also if a filter drops it.
STREAMED = 4
EVERY_MAIL = {"send", "delivery"}
MAIL_EVENTS = len(EVERY_MAIL & set(declared.mail_events()))


@dataclass(frozen=True)
class Pace:
    """How full batches are depends on the rate: changes a second on each stream shard."""

    name: str
    changes_a_second: float
    shards: int
    queue_batch: float

    @property
    def stream_batch(self) -> float:
        return lambdas.stream_batch(self.changes_a_second, self.shards)


# A million in an hour with SES keeping up: 278 signatures a second, four changes each, a table of four partitions
# (it takes 4,000 units a second when new, and a partition 1,000).
BUSY = Pace("a million in an hour", STREAMED * 1e6 / 3600, 4, lambdas.QUEUE_BATCH)
# The worst case: each record and each message is a separate invocation.
TRICKLE = Pace("one at a time", 0, 4, 1)


@dataclass(frozen=True)
class Line:
    """A row of the bill: units of one priced item for each confirmed signature."""

    item: str
    price: str
    quantity: float


def lines(way: Way, item_bytes: float, pace: Pace) -> list[Line]:
    return [*_gateway(way), *_lambda(way, pace), *_table(way, item_bytes, pace), *_queues(pace), *_logs(way, pace)]


def mail_line() -> Line:
    return Line("SES: mails", "mail", 1)


def invocations(pace: Pace) -> dict[str, float]:
    """Return the invocations of each function for one signature."""
    return {
        **dict.fromkeys(REQUESTS, 1.0),
        **{step: len(changes) / pace.stream_batch for step, changes in CHANGES.items()},
        "send": 1 / pace.queue_batch,
        "feedback": MAIL_EVENTS / pace.queue_batch,
    }


def billed_seconds(way: Way, step: str, pace: Pace) -> float:
    """Return the billed seconds of one invocation."""
    if step in REQUESTS:
        return lambdas.seconds(step, way[step]["cpu_us"], way[step]["calls"])
    size = pace.queue_batch if step in ("send", "feedback") else pace.stream_batch
    cpu, calls = (lambdas.batched(way[step], name, size) for name in ("cpu_us", "calls"))
    if step == "relay":
        calls = max(1.0, size / lambdas.QUEUE_BATCH)  # SQS accepts ten at a time
    elif step == "project":
        size = projected_units(way, pace) * pace.stream_batch
        cpu, calls = lambdas.batched(way[step], "cpu_us", size), size
    return lambdas.seconds(step, cpu, calls, mails=size if step == "send" else 0)


def projected_units(way: Way, pace: Pace) -> float:
    """Return the write units to project one put: one write for each bucket in a batch on its shard."""
    met = lambdas.expected_buckets(pace.stream_batch, len(BUCKETS) / pace.shards)
    return float(way["project"]["of_1"]["write_units"]) * met / pace.stream_batch


def _gateway(way: Way) -> list[Line]:
    answered = sum(way[step]["answer_bytes"] for step in REQUESTS)
    return [
        Line("API Gateway: sign, confirm page, confirm", "api_request", len(REQUESTS)),
        Line("data out: these answers, uncompressed", "transfer_gb", answered / GB),
    ]


def _lambda(way: Way, pace: Pace) -> list[Line]:
    often = invocations(pace)
    gb_seconds = sum(
        times * billed_seconds(way, step, pace) * lambdas.memory_mb(step) / 1024 for step, times in often.items()
    )
    return [
        Line("Lambda: requests", "lambda_request", sum(often.values())),
        Line("Lambda: GB-seconds", "lambda_gb_second", gb_seconds),
    ]


def _table(way: Way, item_bytes: float, pace: Pace) -> list[Line]:
    stored = (item_bytes + ITEM_OVERHEAD) * MONTHS / GB
    project = projected_units(way, pace) * PROJECTED
    send = way["send"]["of_1"]
    return [
        Line("DynamoDB: write units, sign", "write_unit", way["sign"]["write_units"]),
        Line("DynamoDB: write units, confirm and count", "write_unit", way["confirm"]["write_units"]),
        Line("DynamoDB: write units, mail claimed and marked", "write_unit", send["write_units"]),
        Line("DynamoDB: write units, projected from the stream", "write_unit", project),
        Line("DynamoDB: read units", "read_unit", send["read_units"] + way["confirm_page"]["read_units"]),
        Line("DynamoDB: stream, read by Lambda", "stream_read", 0),
        Line(f"DynamoDB: storage, {MONTHS} months", "table_gb_month", stored),
        Line(f"DynamoDB: point-in-time recovery, {MONTHS} months", "backup_gb_month", stored),
    ]


def _queues(pace: Pace) -> list[Line]:
    """A message is sent, received and deleted, each in batches; SNS delivers its events one by one."""
    full = min(lambdas.QUEUE_BATCH, max(1.0, pace.stream_batch / 2))
    mails = 1 / full + 2 / pace.queue_batch
    events = MAIL_EVENTS * (1 + 2 / pace.queue_batch)
    return [
        Line("SQS: mail queue", "queue_request", mails),
        Line("SQS: queue of SES's events", "queue_request", events),
        Line("SNS: SES's events of a delivered mail", "topic_publish", MAIL_EVENTS),
    ]


def _logs(way: Way, pace: Pace) -> list[Line]:
    """Our log lines grow with the batch where each message has a line. Lambda adds its own for each invocation."""
    often = invocations(pace)
    sizes = {"send": pace.queue_batch, "feedback": pace.queue_batch}
    workers = {
        step: lambdas.batched(way[step], "log_bytes", sizes.get(step, 1)) for step in often if step not in REQUESTS
    }
    ours = sum(often[step] * (workers.get(step) or way[step]["log_bytes"]) for step in often)
    platform = sum(often.values()) * len(lambdas.PLATFORM_LINES)
    return [
        Line("CloudWatch: our log lines", "log_gb", ours / GB),
        Line("CloudWatch: Lambda's own log lines", "log_gb", platform / GB),
    ]
