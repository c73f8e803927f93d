"""The calls by which `make ready` reads limits and states of the account and the stack, but nothing about people.

docs/ready-policy.json allows exactly these calls. A value that cannot be read has a problem: a text that says why. If
the stack lacks an output, the call names a resource that does not exist.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import jmespath
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.edge.route import SIGNING

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

Clients = Callable[[str], Any]  # A function that returns the client of a service.


class CheckedStack(NamedTuple):
    name: str
    outputs: dict[str, str]
    parameters: dict[str, str]


class Values(NamedTuple):
    """What was read, and why other values could not be read, by the name of the value."""

    found: dict[str, Any]
    problems: dict[str, str]


class Read(NamedTuple):
    """One call. `paths`: for the name of each value, its place in the answer, as a JMESPath expression."""

    service: str
    operation: str
    paths: Mapping[str, str]
    params: Mapping[str, Any] = {}


def reads(stack: CheckedStack) -> Iterator[Read]:
    """Yield all calls."""
    outputs, parameters = stack.outputs, stack.parameters
    identity = parameters.get("MailIdentity") or parameters.get("MailFrom", "").rpartition("@")[2]
    yield Read("lambda", "get_account_settings", {"lambda.concurrency": "AccountLimit.ConcurrentExecutions"})
    yield Read("apigateway", "get_account", {"gateway.rate": "throttleSettings.rateLimit"})
    yield Read("sesv2", "get_account", _SES)
    yield Read("sesv2", "get_email_identity", _IDENTITY, {"EmailIdentity": identity})
    yield Read("dynamodb", "describe_limits", {"table.quota": "TableMaxWriteCapacityUnits"})
    signatures = {"TableName": outputs.get("SignaturesTableName", "Signatures")}
    yield Read("dynamodb", "describe_table", {"table.warm": "Table.WarmThroughput.WriteUnitsPerSecond"}, signatures)
    shards = {"petitions.shards": "Items[?state.S == 'open'].[sk.S, to_number(shards.N)]"}
    yield Read("dynamodb", "query", shards, {"TableName": outputs.get("CountsTableName", "Counts"), **_PETITIONS})
    raised = {"AlarmNamePrefix": f"{stack.name}-", "StateValue": "ALARM"}
    yield Read("cloudwatch", "describe_alarms", {"alarms": "MetricAlarms[].AlarmName"}, raised)
    # A subscription that is not confirmed has a word such as PendingConfirmation instead of an ARN.
    subscribers = {"subscribers": "length(Subscriptions[?starts_with(SubscriptionArn, 'arn:')])"}
    topic = {"TopicArn": outputs.get("AlarmsTopicArn", "none")}
    yield Read("sns", "list_subscriptions_by_topic", subscribers, topic)


def read_values(stack: CheckedStack, clients: Clients) -> Values:
    found: dict[str, Any] = {"cdn": int("EdgeArn" in stack.outputs), "gateway.signing": SIGNING.rate}
    found["mail_per_second"], problems = float(stack.parameters["MailPerSecond"]), {}
    for call in reads(stack):
        try:
            answer, problem = _answer(call, clients(call.service)), f"the answer of {call.operation} does not have it"
        except (ClientError, BotoCoreError) as error:
            answer, problem = None, str(error)
        for name, path in call.paths.items():
            value = answer and jmespath.search(path, answer)
            if value is None:
                problems[name] = problem
            else:
                found[name] = value
    return Values(found, problems)


def _answer(call: Read, client: Any) -> Any:
    if client.can_paginate(call.operation):  # For example, DynamoDB answers a query in pages of 1 MB.
        return client.get_paginator(call.operation).paginate(**call.params).build_full_result()
    return getattr(client, call.operation)(**call.params)


_CONSOLE = "that the SES console shows"

# What is broken, whatever crowd is expected: value, whether it is a defect, text, remedy.
_CHECKS: tuple[tuple[str, Callable[[Any], bool], str, str], ...] = (
    ("ses.production", lambda is_so: not is_so, "SES is in the sandbox: it sends to verified addresses only",
     "request production access: SES console, Account dashboard. AWS usually answers within a day"),
    ("ses.sending", lambda is_so: not is_so, "AWS has stopped this account's email", "answer the email from AWS"),
    ("ses.enforcement", lambda state: state != "HEALTHY", "AWS reviews or has stopped this account's email ({})",
     "answer AWS's support case before you request a higher quota"),
    ("identity.verified", lambda is_so: not is_so, "SES has not verified the sender's domain",
     f"publish the DKIM records {_CONSOLE}"),
    ("identity.dkim", lambda state: state != "SUCCESS", "DKIM is {}", f"publish the three CNAME records {_CONSOLE}"),
    ("identity.forwards", bool, "SES also emails each bounce, with the supporter's address, to the sender's mailbox",
     "SES console, the sender's identity, Notifications: turn email feedback forwarding off"),
    ("identity.mail_from", lambda state: state not in ("none", "SUCCESS"), "the MAIL FROM domain is {}",
     f"publish the MX and SPF records {_CONSOLE}"),
    ("alarms", bool, "alarms are on: {}", "docs/runbook.md, Alarms"),
    ("subscribers", lambda number: not number, "nobody gets the alarms: there is no confirmed subscription",
     "make deploy ALARM_EMAIL=…, and press the link in the email that SNS sends"),
)  # fmt: skip


def find_defects(values: Values) -> Iterator[str]:
    """Yield what is broken, with its remedy. A value that could not be read is no defect."""
    for name, is_defect, text, remedy in _CHECKS:
        value = values.found.get(name)
        if value is not None and is_defect(value):
            shown = ", ".join(value) if isinstance(value, list) else value
            yield f"{text.format(shown)}: {remedy}"
