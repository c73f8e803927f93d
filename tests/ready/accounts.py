"""AWS's answers for accounts with a new account's, default and raised quotas. botocore checks requests and answers."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import boto3
from botocore.stub import Stubber

from stack.ready.account import CheckedStack, Clients, Read, Values, read_values, reads

OUTPUTS = {
    "SignaturesTableName": "signatures",
    "CountsTableName": "counts",
    "AlarmsTopicArn": "arn:aws:sns:eu-west-2:111122223333:alarms",
    **{f"{name}Name": f"prod-{name}" for name in ("Authorizer", "RelayMail", "SendMail", "StoreOverflow")},
}
CDN = {"EdgeArn": "arn:aws:cloudfront::111122223333:distribution/E1"}
PARAMETERS = {"MailFrom": "petitions@harbour.example", "MailIdentity": "harbour.example", "MailPerSecond": "12"}
STACK = CheckedStack("petitions-prod", OUTPUTS, PARAMETERS)


@dataclass(frozen=True)
class Limits:
    concurrency: int
    in_production: bool
    emails_a_day: float
    emails_a_second: float
    write_units: int
    mail_per_second: int
    shards: int = 39
    has_cdn: bool = True

    @property
    def stack(self) -> CheckedStack:
        parameters = {**PARAMETERS, "MailPerSecond": str(self.mail_per_second)}
        return CheckedStack(STACK.name, {**OUTPUTS, **(CDN if self.has_cdn else {})}, parameters)


NEW = Limits(
    concurrency=10,
    in_production=False,
    emails_a_day=200,
    emails_a_second=1,
    write_units=4_000,
    mail_per_second=12,
    shards=10,
)
DEFAULT = replace(NEW, concurrency=1_000, in_production=True, emails_a_day=50_000, emails_a_second=14)
RAISED = Limits(
    concurrency=5_000,
    in_production=True,
    emails_a_day=5_000_000,
    emails_a_second=600,
    write_units=22_000,
    mail_per_second=500,
    shards=90,
)


def answers(limits: Limits) -> dict[str, Any]:
    """Return AWS's answer to each operation. A test changes an answer to break something."""
    quota = {"Max24HourSend": limits.emails_a_day, "MaxSendRate": limits.emails_a_second, "SentLast24Hours": 0.0}
    account = {"ConcurrentExecutions": limits.concurrency, "UnreservedConcurrentExecutions": limits.concurrency}
    write_units = {"ReadUnitsPerSecond": 12_000, "WriteUnitsPerSecond": limits.write_units, "Status": "ACTIVE"}
    petition = {"sk": {"S": "safe-children"}, "shards": {"N": str(limits.shards)}, "state": {"S": "open"}}
    closed = {"sk": {"S": "clean-air"}, "shards": {"N": "1"}, "state": {"S": "closed"}}
    subscription = {"SubscriptionArn": "arn:aws:sns:eu-west-2:111122223333:alarms:1", "Protocol": "email"}
    return {
        "get_account_settings": {"AccountLimit": account},
        "get_account": {"throttleSettings": {"burstLimit": 5_000, "rateLimit": 10_000.0}},
        "sesv2.get_account": {
            "ProductionAccessEnabled": limits.in_production,
            "SendingEnabled": True,
            "EnforcementStatus": "HEALTHY",
            "SendQuota": quota,
        },
        "get_email_identity": {
            "VerifiedForSendingStatus": True,
            "FeedbackForwardingStatus": False,
            "DkimAttributes": {"Status": "SUCCESS", "Tokens": ["one", "two", "three"]},
            "MailFromAttributes": {
                "MailFromDomain": "bounce.harbour.example",
                "MailFromDomainStatus": "SUCCESS",
                "BehaviorOnMxFailure": "USE_DEFAULT_VALUE",
            },
        },
        "describe_limits": {"TableMaxWriteCapacityUnits": 40_000},
        "describe_table": {"Table": {"WarmThroughput": write_units}},
        "query": {"Items": [petition, closed], "Count": 2},
        "describe_alarms": {"MetricAlarms": []},
        "list_subscriptions_by_topic": {"Subscriptions": [subscription]},
    }


def values(limits: Limits, changes: Mapping[str, Any] | None = None, denied: Iterable[str] = ()) -> Values:
    """Return the account's values. `changes` are answers by operation; `denied` are operations that AWS refuses."""
    clients = stub_clients(reads(limits.stack), {**answers(limits), **(changes or {})}, {*denied})
    return read_values(limits.stack, clients)


def stub_clients(calls: Iterable[Read], answer_by_operation: Mapping[str, Any], denied: set[str]) -> Clients:
    """Return clients that give these answers, in the order of the reads."""
    by_client: defaultdict[str, list[Read]] = defaultdict(list)
    for call in calls:
        by_client[call.service].append(call)

    @cache
    def client(service: str) -> Any:
        boto_client = _session().client(service)
        stub = Stubber(boto_client)
        for call in by_client[service]:
            if call.operation in denied:
                stub.add_client_error(call.operation, "AccessDeniedException", "no", expected_params=call.params)
            else:
                answer = answer_by_operation.get(f"{service}.{call.operation}", answer_by_operation[call.operation])
                stub.add_response(call.operation, answer, dict(call.params))
        stub.activate()
        return boto_client

    return client


@cache
def _session() -> Any:
    return boto3.session.Session("x", "x", region_name="eu-west-2")
