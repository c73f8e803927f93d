"""What `make ready` reads of the account: limits and states, no personal data.

Each call is in docs/ready-policy.json; the referee compares the two (tests/ready/test_policy.py).
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.edge.routes import ROUTES
from stack.ready.reading import Read
from stack.template import functions

_STAGE = "site"
_CERTIFICATES_OF_EDGE = "us-east-1"
# The age of the oldest message is read for these queues. It is a metric, which SQS writes every minute.
_AGE = timedelta(minutes=5)
QUEUES_WITH_AGE = ("MailQueue", "OverflowQueue")


def reads(stack: str, outputs: Mapping[str, str], chosen: Mapping[str, str], now: datetime) -> list[Read]:
    """Return all calls. `outputs` and `chosen` are the stack's outputs and parameters."""
    return [
        *_compute(outputs),
        *_email(chosen),
        *_storage(outputs),
        *_queues(outputs, now),
        *_watched(stack, outputs),
        *_edge(outputs),
    ]


def _compute(outputs: Mapping[str, str]) -> Iterator[Read]:
    limits = {
        "lambda.concurrency": lambda answer: answer["AccountLimit"]["ConcurrentExecutions"],
        "lambda.unreserved": lambda answer: answer["AccountLimit"]["UnreservedConcurrentExecutions"],
    }
    yield Read("lambda", "get_account_settings", limits)
    for function in functions.RESERVED:
        name = functions.logical_id(function)
        values = {f"lambda.reserved_{function}": lambda answer: answer.get("ReservedConcurrentExecutions", 0)}
        yield Read("lambda", "get_function_concurrency", values, {"FunctionName": outputs.get(f"{name}Name", name)})
    rates = {
        "gateway.rate": lambda answer: answer["throttleSettings"]["rateLimit"],
        "gateway.burst": lambda answer: answer["throttleSettings"]["burstLimit"],
    }
    yield Read("apigateway", "get_account", rates)
    stage = {"restApiId": outputs.get("RestAPIId", "none"), "stageName": _STAGE}
    yield Read("apigateway", "get_stage", {"gateway.signing": _signing_rate}, stage)


def _signing_rate(answer: Any) -> float:
    """Return the throttle of signing. AWS does not say whether the key begins with the path's first slash (~1)."""
    path = ROUTES["sign_by_form"].path.removeprefix("/").replace("/", "~1")
    found = [each for name, each in answer["methodSettings"].items() if name in (f"~1{path}/POST", f"{path}/POST")]
    return float(found[0]["throttlingRateLimit"])


def _email(chosen: Mapping[str, str]) -> Iterator[Read]:
    states = {
        "ses.production": lambda answer: answer["ProductionAccessEnabled"],
        "ses.sending": lambda answer: answer["SendingEnabled"],
        "ses.enforcement": lambda answer: answer["EnforcementStatus"],
        "ses.daily": lambda answer: answer["SendQuota"]["Max24HourSend"],
        "ses.rate": lambda answer: answer["SendQuota"]["MaxSendRate"],
        "ses.sent": lambda answer: answer["SendQuota"]["SentLast24Hours"],
    }
    yield Read("sesv2", "get_account", states)
    identity = {
        "identity.verified": lambda answer: answer["VerifiedForSendingStatus"],
        "identity.dkim": lambda answer: answer["DkimAttributes"]["Status"],
        "identity.dkim_tokens": lambda answer: answer["DkimAttributes"].get("Tokens", []),
        "identity.mail_from": lambda answer: answer.get("MailFromAttributes", {}).get("MailFromDomainStatus", "none"),
    }
    yield Read("sesv2", "get_email_identity", identity, {"EmailIdentity": identity_of(chosen)})


def identity_of(chosen: Mapping[str, str]) -> str:
    """Return the domain that SES has verified: MailIdentity, or that of the sender."""
    return chosen.get("MailIdentity") or chosen.get("MailFrom", "").rpartition("@")[2]


def _storage(outputs: Mapping[str, str]) -> Iterator[Read]:
    quota = {"table.quota": lambda answer: answer["TableMaxWriteCapacityUnits"]}
    yield Read("dynamodb", "describe_limits", quota)
    for table in ("Signatures", "Counts"):
        warm = {f"table.warm_{table.lower()}": lambda answer: answer["Table"]["WarmThroughput"]["WriteUnitsPerSecond"]}
        yield Read("dynamodb", "describe_table", warm, {"TableName": outputs.get(f"{table}TableName", table)})
    petitions = {
        "TableName": outputs.get("CountsTableName", "Counts"),
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": {":pk": {"S": "PETITIONS"}},
        "ProjectionExpression": "sk, shards, #state",
        "ExpressionAttributeNames": {"#state": "state"},
    }
    yield Read("dynamodb", "query", {"petitions.shards": _shards}, petitions)


def _shards(answer: Any) -> dict[str, int]:
    """Return the shards of each open petition, by slug."""
    opened = (item for item in answer["Items"] if item.get("state", {}).get("S") == "open")
    return {item["sk"]["S"]: int(item["shards"]["N"]) for item in opened}


def _queues(outputs: Mapping[str, str], now: datetime) -> Iterator[Read]:
    """Yield the reads of each queue's length, and of the oldest message's age for QUEUES_WITH_AGE."""
    wanted = ["ApproximateNumberOfMessages"]
    for output in sorted(name for name in outputs if name.endswith("QueueUrl")):
        queue = output.removesuffix("Url")
        length = {f"queue.{queue}": lambda answer: int(answer["Attributes"]["ApproximateNumberOfMessages"])}
        yield Read("sqs", "get_queue_attributes", length, {"QueueUrl": outputs[output], "AttributeNames": wanted})
    for queue in QUEUES_WITH_AGE:
        name = outputs.get(f"{queue}Url", queue).rpartition("/")[2]
        metric = {
            "Namespace": "AWS/SQS",
            "MetricName": "ApproximateAgeOfOldestMessage",
            "Dimensions": [{"Name": "QueueName", "Value": name}],
            "StartTime": now - _AGE,
            "EndTime": now,
            "Period": int(_AGE.total_seconds()),
            "Statistics": ["Maximum"],
        }
        yield Read("cloudwatch", "get_metric_statistics", {f"age.{queue}": _largest}, metric)


def _largest(answer: Any) -> float:
    return max((point["Maximum"] for point in answer["Datapoints"]), default=0)


def _watched(stack: str, outputs: Mapping[str, str]) -> Iterator[Read]:
    raised = {"alarms.raised": lambda answer: sorted(each["AlarmName"] for each in answer["MetricAlarms"])}
    wanted = {"AlarmNamePrefix": f"{stack}-", "StateValue": "ALARM"}
    yield Read("cloudwatch", "describe_alarms", raised, wanted)
    topic = {"TopicArn": outputs.get("AlarmsTopicArn", "none")}
    yield Read("sns", "list_subscriptions_by_topic", {"alarms.subscribers": _confirmed}, topic)


def _confirmed(answer: Any) -> int:
    return sum(each["SubscriptionArn"].startswith("arn:") for each in answer["Subscriptions"])


def _edge(outputs: Mapping[str, str]) -> Iterator[Read]:
    certificates = {"certificates.first_end": _first_end}
    yield Read("acm", "list_certificates", certificates)
    if "EdgeArn" not in outputs:
        return
    yield Read("acm", "list_certificates", {"certificates.first_end_edge": _first_end}, region=_CERTIFICATES_OF_EDGE)


def _first_end(answer: Any) -> datetime | None:
    """Return when the first certificate in use expires; None: no certificate is in use."""
    used = [each for each in answer["CertificateSummaryList"] if each.get("InUse") and "NotAfter" in each]
    return min((each["NotAfter"].astimezone(UTC) for each in used), default=None)
