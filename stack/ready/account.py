"""The calls of AWS by which `make ready` and `make warm` read limits and state of the account, but no personal data.

docs/ready-policy.json is the IAM policy that allows these calls. tests/ready/test_policy.py checks this with the
judge, a program that decides as AWS's IAM does. `make warm` needs docs/warm-policy.json too.

For each value, an AwsCall has a function that gets the value from the answer. A name such as lambda.concurrency is the
value's name in the report.

If the stack has no output with a resource's name, the call names a resource that does not exist. The call fails, and
its values have a problem: a text that says why they could not be read. Only the age of a queue's oldest message is then
read as 0, because CloudWatch has no data for the queue.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.edge.routes import ROUTES
from stack.ready.reading import AwsCall
from stack.template import functions
from stack.template.config import api_stage

_EDGE_REGION = "us-east-1"  # CloudFront takes its certificates only from this region.
# How far back to read the age of a queue's oldest message. SQS writes this metric every minute. It leaves out messages
# that failed three times; the alarms MailStuckAlarm and OverflowStuckAlarm find these, and `alarms.raised` reads them.
_AGE_PERIOD = timedelta(minutes=5)
QUEUES_WITH_AGE = ("MailQueue", "OverflowQueue")
# ACM lists only certificates with RSA keys of at most 2,048 bits, unless the call names the other types of keys too.
_RSA_KEYS = ("RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096")
_EC_KEYS = ("EC_prime256v1", "EC_secp384r1", "EC_secp521r1")


def account_calls(
    stack: str, outputs: Mapping[str, str], parameters: Mapping[str, str], now: datetime
) -> list[AwsCall]:
    """Return all calls. `stack`: the stack's name. `outputs`, `parameters`: the stack's outputs and parameters."""
    return [
        *_compute_calls(outputs),
        *_email_calls(parameters),
        *_storage_calls(outputs),
        *_queue_calls(outputs, now),
        *_alarm_calls(stack, outputs),
        *_certificate_calls(outputs),
    ]


def _compute_calls(outputs: Mapping[str, str]) -> Iterator[AwsCall]:
    limits = {
        "lambda.concurrency": lambda answer: answer["AccountLimit"]["ConcurrentExecutions"],
        "lambda.unreserved": lambda answer: answer["AccountLimit"]["UnreservedConcurrentExecutions"],
    }
    yield AwsCall("lambda", "get_account_settings", limits)
    for function in functions.RESERVED:
        name = functions.logical_id(function)
        reserved = {f"lambda.reserved_{function}": lambda answer: answer.get("ReservedConcurrentExecutions", 0)}
        params = {"FunctionName": outputs.get(f"{name}Name", name)}
        yield AwsCall("lambda", "get_function_concurrency", reserved, params)
    rates = {
        "gateway.rate": lambda answer: answer["throttleSettings"]["rateLimit"],
        "gateway.burst": lambda answer: answer["throttleSettings"]["burstLimit"],
    }
    yield AwsCall("apigateway", "get_account", rates)
    stage = {"restApiId": outputs.get("RestAPIId", "none"), "stageName": api_stage()}
    yield AwsCall("apigateway", "get_stage", {"gateway.signing": _signing_rate}, stage)


def _signing_rate(answer: Any) -> float:
    """Return the throttle of the route sign_by_form, in requests a second. `answer`: the answer of get_stage.

    A key of the answer contains the route's path, in which ~1 stands for a slash. AWS does not document whether the
    path's first slash is in the key, so accept both.
    """
    path = ROUTES["sign_by_form"].path.removeprefix("/").replace("/", "~1")
    possible_keys = (f"~1{path}/POST", f"{path}/POST")
    throttles = [throttle for key, throttle in answer["methodSettings"].items() if key in possible_keys]
    return float(throttles[0]["throttlingRateLimit"])


def _email_calls(parameters: Mapping[str, str]) -> Iterator[AwsCall]:
    states = {
        "ses.production": lambda answer: answer["ProductionAccessEnabled"],
        "ses.sending": lambda answer: answer["SendingEnabled"],
        "ses.enforcement": lambda answer: answer["EnforcementStatus"],
        "ses.daily": lambda answer: answer["SendQuota"]["Max24HourSend"],
        "ses.rate": lambda answer: answer["SendQuota"]["MaxSendRate"],
        "ses.sent": lambda answer: answer["SendQuota"]["SentLast24Hours"],
    }
    yield AwsCall("sesv2", "get_account", states)
    identity = {
        "identity.verified": lambda answer: answer["VerifiedForSendingStatus"],
        "identity.forwards": lambda answer: answer.get("FeedbackForwardingStatus"),
        "identity.dkim": lambda answer: answer["DkimAttributes"]["Status"],
        "identity.dkim_tokens": lambda answer: answer["DkimAttributes"].get("Tokens", []),
        "identity.mail_from": lambda answer: answer.get("MailFromAttributes", {}).get("MailFromDomainStatus", "none"),
        "identity.mail_from_domain": lambda answer: answer.get("MailFromAttributes", {}).get("MailFromDomain", ""),
    }
    yield AwsCall("sesv2", "get_email_identity", identity, {"EmailIdentity": identity_of(parameters)})


def identity_of(parameters: Mapping[str, str]) -> str:
    """Return the domain that SES must verify: MailIdentity if it is set, otherwise the sender's domain."""
    _, _, sender_domain = parameters.get("MailFrom", "").rpartition("@")
    return parameters.get("MailIdentity") or sender_domain


def _storage_calls(outputs: Mapping[str, str]) -> Iterator[AwsCall]:
    quota = {"table.quota": lambda answer: answer["TableMaxWriteCapacityUnits"]}
    yield AwsCall("dynamodb", "describe_limits", quota)
    for table in ("Signatures", "Counts"):
        warm = {f"table.warm_{table.lower()}": lambda answer: answer["Table"]["WarmThroughput"]["WriteUnitsPerSecond"]}
        params = {"TableName": outputs.get(f"{table}TableName", table)}
        yield AwsCall("dynamodb", "describe_table", warm, params)
    petitions = {
        "TableName": outputs.get("CountsTableName", "Counts"),
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": {":pk": {"S": "PETITIONS"}},
        "ProjectionExpression": "sk, shards, #state",
        "ExpressionAttributeNames": {"#state": "state"},
    }
    yield AwsCall("dynamodb", "query", {"petitions.shards": _shards}, petitions)


def _shards(answer: Any) -> dict[str, int]:
    """Return how many shards (items) hold the tally of each open petition, by slug. `answer`: the stored petitions."""
    shards: dict[str, int] = {}
    for petition in answer["Items"]:
        state = petition.get("state", {}).get("S")
        if state == "open":
            slug = petition["sk"]["S"]
            shards[slug] = int(petition["shards"]["N"])
    return shards


def _queue_calls(outputs: Mapping[str, str], now: datetime) -> Iterator[AwsCall]:
    """Yield a call for the length of each queue, and for the age of the oldest message in each of QUEUES_WITH_AGE."""
    queue_outputs = sorted(name for name in outputs if name.endswith("QueueUrl"))
    for output in queue_outputs:
        queue = output.removesuffix("Url")
        params = {"QueueUrl": outputs[output], "AttributeNames": ["ApproximateNumberOfMessages"]}
        yield AwsCall("sqs", "get_queue_attributes", {f"queue.{queue}": _messages}, params)
    for queue in QUEUES_WITH_AGE:
        name = outputs.get(f"{queue}Url", queue).rpartition("/")[2]  # The last part of the URL is the queue's name.
        metric = {
            "Namespace": "AWS/SQS",
            "MetricName": "ApproximateAgeOfOldestMessage",
            "Dimensions": [{"Name": "QueueName", "Value": name}],
            "StartTime": now - _AGE_PERIOD,
            "EndTime": now,
            "Period": int(_AGE_PERIOD.total_seconds()),
            "Statistics": ["Maximum"],
        }
        yield AwsCall("cloudwatch", "get_metric_statistics", {f"age.{queue}": _maximum}, metric)


def _messages(answer: Any) -> int:
    return int(answer["Attributes"]["ApproximateNumberOfMessages"])


def _maximum(answer: Any) -> float:
    return max((point["Maximum"] for point in answer["Datapoints"]), default=0)


def _alarm_calls(stack: str, outputs: Mapping[str, str]) -> Iterator[AwsCall]:
    raised_only = {"AlarmNamePrefix": f"{stack}-", "StateValue": "ALARM"}
    yield AwsCall("cloudwatch", "describe_alarms", {"alarms.raised": _alarm_names}, raised_only)
    topic = {"TopicArn": outputs.get("AlarmsTopicArn", "none")}
    yield AwsCall("sns", "list_subscriptions_by_topic", {"alarms.subscribers": _subscribers}, topic)


def _alarm_names(answer: Any) -> list[str]:
    return sorted(alarm["AlarmName"] for alarm in answer["MetricAlarms"])


def _subscribers(answer: Any) -> int:
    """Return how many subscriptions are confirmed. The others have a word such as PendingConfirmation, not an ARN."""
    arns = [subscription["SubscriptionArn"] for subscription in answer["Subscriptions"]]
    confirmed = [arn for arn in arns if arn.startswith("arn:")]
    return len(confirmed)


def _certificate_calls(outputs: Mapping[str, str]) -> Iterator[AwsCall]:
    params = {"Includes": {"keyTypes": [*_RSA_KEYS, *_EC_KEYS]}}
    yield AwsCall("acm", "list_certificates", {"certificates.first_end": _first_expiry}, params)
    if "EdgeArn" in outputs:
        edge = {"certificates.first_end_edge": _first_expiry}
        yield AwsCall("acm", "list_certificates", edge, params, _EDGE_REGION)


def _first_expiry(answer: Any) -> datetime | None:
    """Return when the first certificate in use expires; None if no certificate is in use."""
    expiries: list[datetime] = []
    for certificate in answer["CertificateSummaryList"]:
        if certificate.get("InUse") and "NotAfter" in certificate:
            expiries.append(certificate["NotAfter"].astimezone(UTC))
    return min(expiries, default=None)
