"""Compute how many units of each priced item one confirmed signature uses, from the figures of `benchmarks.way`.

The item of a signature changes four times. Put: the person signs. Claim: a sender reserves the email for itself.
Mark: the sender records that the email is sent. Confirm: the person confirms. The table's stream reports each change.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from benchmarks import lambdas
from benchmarks.cost.prices import Line
from chalicelib.core.keys import PARTITIONS
from chalicelib.mail.rate_limit import EMAILS_PER_SENDER

StepFigures = Mapping[str, Any]
GB = 1e9
# A petition on the UK Parliament's site is open for six months, so a signature is stored for at least that long.
MONTHS = 6
# "100 bytes of storage overhead" for each item (DynamoDB developer guide, Item sizes and formats).
ITEM_OVERHEAD = 100
REQUESTS = ("sign", "confirm_page", "confirm")
# The share of invocations that start a new environment. AWS bills this start (INIT) since August 2025, and says that
# there is one in under 1 % of invocations (AWS Compute Blog, "AWS Lambda standardizes billing for INIT Phase").
COLD_STARTS = 0.01
# The changes that pass the stream's filters. The relay gets the changes after which the item requests an email
# (`mail_kind`). The projections get all changes except the claim.
CHANGES = {"relay": ("put", "claim"), "project": ("put", "mark", "confirm")}
# Each bucket has two counter items. All projected changes change the funnel, and put and confirm also the other item.
OF_OTHER_ITEM = 2 / len(CHANGES["project"])
# Each of the four changes makes a stream record, even if both filters drop it.
STREAM_RECORDS = 4
# The table has four partitions, because a new table takes 4,000 units a second, and a partition 1,000.
SHARDS = 4


class ArrivalRate(NamedTuple):
    """How fast signatures come. More changes make larger batches.

    `changes_a_second`: of all shards of the stream. `queue_batch`: the messages of a queue that an invocation gets.
    """

    changes_a_second: float
    queue_batch: float

    def batch(self, step: str) -> float:
        """Return how many records of the stream, or messages of a queue, an invocation of this step gets.

        Assumption: Lambda gathers a batch first, and then leaves out the records that do not pass the filter.
        """
        reader = lambdas.STREAM_READERS.get(step)
        if reader is None:
            return self.queue_batch
        gathered = lambdas.stream_batch(reader, self.changes_a_second, SHARDS)
        return max(1.0, gathered * len(CHANGES[step]) / STREAM_RECORDS)


# A million in an hour, if SES sends as fast: 278 signatures a second, with four changes each.
BUSY = ArrivalRate(STREAM_RECORDS * 1e6 / 3600, lambdas.QUEUE_BATCH)
# The worst case: each record and each message is a separate invocation.
TRICKLE = ArrivalRate(0, 1)


def lines(measured: Mapping[str, Any], arrivals: ArrivalRate) -> list[Line]:
    """Return the bill of one signature. `measured`: the results of `make bench`."""
    steps = measured["way"]
    return [
        *_gateway(steps),
        *_lambda(steps, lambdas.cold_start_cpu_us(measured), arrivals),
        *_table(steps, measured["item_bytes"], arrivals),
        *_queues(arrivals),
        *_logs(steps, arrivals),
    ]


def invocations(arrivals: ArrivalRate) -> dict[str, float]:
    """Return the invocations of each function for one signature."""
    return {
        **dict.fromkeys(REQUESTS, 1.0),
        "relay": len(CHANGES["relay"]) / arrivals.batch("relay"),
        "project": len(CHANGES["project"]) / arrivals.batch("project"),
        "send": 1 / arrivals.batch("send"),
    }


def billed_seconds(steps: StepFigures, step: str, arrivals: ArrivalRate) -> float:
    """Return the billed seconds of one invocation."""
    if step in REQUESTS:
        return lambdas.seconds(step, steps[step]["cpu_us"], steps[step]["calls"])
    size = arrivals.batch(step)
    if step == "project":
        writes = projected_writes(arrivals)
        cpu = writes * lambdas.cpu_of_projected_write(steps) + size * steps[step]["each_record_cpu_us"]
        return lambdas.seconds(step, cpu, writes)
    cpu = lambdas.interpolate(steps[step], "cpu_us", size)
    if step == "relay":
        # One call to SQS sends up to ten messages.
        return lambdas.seconds(step, cpu, calls=max(1.0, size / lambdas.QUEUE_BATCH))
    # In a batch, the sender waits until it may send the next email.
    seconds_at_sender_rate = size / EMAILS_PER_SENDER if size > 1 else 0.0
    calls = lambdas.interpolate(steps[step], "calls", size)
    return max(seconds_at_sender_rate, lambdas.seconds(step, cpu, calls, mails=size))


def projected_writes(arrivals: ArrivalRate) -> float:
    """Return how many counter items a batch of changes writes. Each write takes one unit.

    Constituencies are not included: with a table of them, there is one write more for each of their groups.
    """
    buckets_per_shard = PARTITIONS / SHARDS
    records = arrivals.batch("project")
    funnels = lambdas.expected_buckets(records, buckets_per_shard)
    return funnels + lambdas.expected_buckets(records * OF_OTHER_ITEM, buckets_per_shard)


def _gateway(steps: StepFigures) -> list[Line]:
    answer_bytes = sum(steps[step]["answer_bytes"] for step in REQUESTS)
    return [
        Line("API Gateway: sign, confirm page, confirm", "api_request", len(REQUESTS)),
        Line("data out: these answers, uncompressed", "transfer_gb", answer_bytes / GB),
    ]


def _lambda(steps: StepFigures, cold_cpu_us: float, arrivals: ArrivalRate) -> list[Line]:
    counts = invocations(arrivals)
    gigabytes = {step: number * lambdas.memory_mb(step) / 1024 for step, number in counts.items()}
    gb_seconds = sum(each * billed_seconds(steps, step, arrivals) for step, each in gigabytes.items())
    init = sum(COLD_STARTS * each * lambdas.seconds(step, cold_cpu_us, calls=0) for step, each in gigabytes.items())
    return [
        Line("Lambda: requests", "lambda_request", sum(counts.values())),
        Line("Lambda: GB-seconds", "lambda_gb_second", gb_seconds),
        Line("Lambda: GB-seconds, INIT", "lambda_gb_second", init),
    ]


def _table(steps: StepFigures, item_bytes: float, arrivals: ArrivalRate) -> list[Line]:
    stored = (item_bytes + ITEM_OVERHEAD) * MONTHS / GB
    project = projected_writes(arrivals) * invocations(arrivals)["project"]
    send = steps["send"]["of_1"]
    return [
        Line("DynamoDB: write units, sign", "write_unit", steps["sign"]["write_units"]),
        Line("DynamoDB: write units, confirm and count", "write_unit", steps["confirm"]["write_units"]),
        Line("DynamoDB: write units, mail claimed and marked", "write_unit", send["write_units"]),
        Line("DynamoDB: write units, projected from the stream", "write_unit", project),
        Line("DynamoDB: read units", "read_unit", send["read_units"] + steps["confirm_page"]["read_units"]),
        Line("DynamoDB: stream, read by Lambda", "stream_read", 0),  # AWS does not charge for these reads.
        Line(f"DynamoDB: storage, {MONTHS} months", "table_gb_month", stored),
        Line(f"DynamoDB: point-in-time recovery, {MONTHS} months", "backup_gb_month", stored),
    ]


def _queues(arrivals: ArrivalRate) -> list[Line]:
    """Return the requests to the mail queue. A message is sent, received and deleted, each in batches.

    A delivered email costs no more: SES reports only bounces, complaints and rejections.
    """
    # The relay gets the records of puts and of claims (its filter leaves out the others). Only puts become messages.
    relayed_batch = min(lambdas.QUEUE_BATCH, max(1.0, arrivals.batch("relay") / 2))
    return [Line("SQS: mail queue", "queue_request", 1 / relayed_batch + 2 / arrivals.queue_batch)]


def _logs(steps: StepFigures, arrivals: ArrivalRate) -> list[Line]:
    """Return the bytes of our log lines, and of Lambda's own. The sender writes a line for each email."""
    counts = invocations(arrivals)

    def bytes_of(step: str) -> float:
        if step in REQUESTS:
            return float(steps[step]["log_bytes"])
        return lambdas.interpolate(steps[step], "log_bytes", arrivals.queue_batch if step == "send" else 1)

    own_bytes = sum(number * bytes_of(step) for step, number in counts.items())
    platform_bytes = sum(counts.values()) * len(lambdas.PLATFORM_LINES)
    return [
        Line("CloudWatch: our log lines", "log_gb", own_bytes / GB),
        Line("CloudWatch: Lambda's own log lines", "log_gb", platform_bytes / GB),
    ]
