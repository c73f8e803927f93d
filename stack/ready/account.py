"""The calls by which `make ready` reads limits and states of the account and the stack, but nothing about people.

docs/ready-policy.json allows exactly these calls. A value that cannot be read has a problem: a text that says why. If
the stack lacks an output, the call names a resource that does not exist.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import jmespath
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.edge.routes import all_routes
from stack.template.config import api_stage

NOT_ALLOWED = "you are not allowed to read this"
# In the answer of GetStage, ~1 stands for a slash. AWS does not document whether the path's first slash is in the key.
_SIGN = all_routes()["sign_by_form"].path.removeprefix("/").replace("/", "~1")
_SIGNING = " || ".join(f'methodSettings."{slash}{_SIGN}/POST".throttlingRateLimit' for slash in ("~1", ""))
_SES = {
    "ses.production": "ProductionAccessEnabled",
    "ses.sending": "SendingEnabled",
    "ses.enforcement": "EnforcementStatus",
    "ses.daily": "SendQuota.Max24HourSend",
    "ses.rate": "SendQuota.MaxSendRate",
    "ses.sent": "SendQuota.SentLast24Hours",
}
_IDENTITY = {
    "identity.verified": "VerifiedForSendingStatus",
    "identity.forwards": "FeedbackForwardingStatus",
    "identity.dkim": "DkimAttributes.Status",
    "identity.mail_from": "MailFromAttributes.MailFromDomainStatus || 'none'",
}
_PETITIONS = {
    "KeyConditionExpression": "pk = :pk",
    "ExpressionAttributeValues": {":pk": {"S": "PETITIONS"}},
    "ProjectionExpression": "sk, shards, #state",
    "ExpressionAttributeNames": {"#state": "state"},
}

Clients = Callable[[str], Any]
"""A function that returns the client of a service."""


class CheckedStack(NamedTuple):
    name: str
    outputs: dict[str, str]
    parameters: dict[str, str]

    @property
    def identity(self) -> str:
        """Return the domain that SES must verify: MailIdentity if it is set, otherwise the sender's domain."""
        return self.parameters.get("MailIdentity") or self.parameters.get("MailFrom", "").rpartition("@")[2]


class Values(NamedTuple):
    """What was read, and why other values could not be read, by the name of the value."""

    found: dict[str, Any]
    problems: dict[str, str]

    def add(self, name: str, value: Any, problem: str) -> None:
        if value is None:
            self.problems[name] = problem
        else:
            self.found[name] = value


class Read(NamedTuple):
    """One call. `paths`: for the name of each value, its place in the answer, as a JMESPath expression."""

    service: str
    operation: str
    paths: Mapping[str, str]
    params: Mapping[str, Any] = {}


def reads(stack: CheckedStack) -> Iterator[Read]:
    """Yield all calls."""
    outputs = stack.outputs
    yield Read("lambda", "get_account_settings", {"lambda.concurrency": "AccountLimit.ConcurrentExecutions"})
    yield Read("apigateway", "get_account", {"gateway.rate": "throttleSettings.rateLimit"})
    stage = {"restApiId": outputs.get("RestAPIId", "none"), "stageName": api_stage()}
    yield Read("apigateway", "get_stage", {"gateway.signing": _SIGNING}, stage)
    yield Read("sesv2", "get_account", _SES)
    yield Read("sesv2", "get_email_identity", _IDENTITY, {"EmailIdentity": stack.identity})
    yield Read("dynamodb", "describe_limits", {"table.quota": "TableMaxWriteCapacityUnits"})
    signatures = {"TableName": outputs.get("SignaturesTableName", "Signatures")}
    yield Read("dynamodb", "describe_table", {"table.warm": "Table.WarmThroughput.WriteUnitsPerSecond"}, signatures)
    shards = {"petitions.shards": "Items[?state.S == 'open'].[sk.S, to_number(shards.N)]"}
    yield Read("dynamodb", "query", shards, {"TableName": outputs.get("CountsTableName", "Counts"), **_PETITIONS})
    for output in sorted(name for name in outputs if name.endswith("DeadLetterQueueUrl")):
        length = {f"dead.{output.removesuffix('Url')}": "to_number(Attributes.ApproximateNumberOfMessages)"}
        queue = {"QueueUrl": outputs[output], "AttributeNames": ["ApproximateNumberOfMessages"]}
        yield Read("sqs", "get_queue_attributes", length, queue)
    raised = {"AlarmNamePrefix": f"{stack.name}-", "StateValue": "ALARM"}
    yield Read("cloudwatch", "describe_alarms", {"alarms": "MetricAlarms[].AlarmName"}, raised)
    # A subscription that is not confirmed has a word such as PendingConfirmation instead of an ARN.
    subscribers = {"subscribers": "length(Subscriptions[?starts_with(SubscriptionArn, 'arn:')])"}
    topic = {"TopicArn": outputs.get("AlarmsTopicArn", "none")}
    yield Read("sns", "list_subscriptions_by_topic", subscribers, topic)


def read_values(stack: CheckedStack, clients: Clients) -> Values:
    values = Values(
        {"mail_per_second": float(stack.parameters["MailPerSecond"]), "cdn": int("EdgeArn" in stack.outputs)}, {}
    )
    for call in reads(stack):
        try:
            answer, problem = _answer(call, clients(call.service)), "the answer does not have it"
        except (ClientError, BotoCoreError) as error:
            answer, problem = None, _problem(error)
        for name, path in call.paths.items():
            value = None if answer is None else jmespath.search(path, answer)
            values.add(name, value, f"{call.service} {call.operation}: {problem}")
    return values


def _answer(call: Read, client: Any) -> Any:
    if client.can_paginate(call.operation):  # For example, DynamoDB answers a query in pages of 1 MB.
        return client.get_paginator(call.operation).paginate(**call.params).build_full_result()
    return getattr(client, call.operation)(**call.params)


def _problem(error: ClientError | BotoCoreError) -> str:
    if isinstance(error, BotoCoreError):
        return f"no answer ({type(error).__name__})"
    code = error.response.get("Error", {}).get("Code", "")
    return NOT_ALLOWED if "Denied" in code or "Authoriz" in code else f"AWS answered {code}"
