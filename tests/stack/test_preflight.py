"""A deployment that AWS would refuse in the middle is refused before it begins, with what to do instead."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from stack.aws import Cloud
from stack.console import Failure
from stack.preflight import check
from stack.template.merge import merge_template

TEMPLATE = merge_template()


class Account:
    """A fake AWS account with the calls that a deployment's checks make."""

    def __init__(
        self,
        *,
        free: int = 1000,
        rate: float = 50,
        role: str = "",
        identities: tuple[str, ...] = (),
        old_table: str = "",
        warm: tuple[int, int] | None = None,
        is_emulated: bool = False,
        **before: str,
    ) -> None:
        """`old_table`: the name of a signatures table without the local index.

        `warm`: the writes and the reads a second that a valid signatures table takes.
        """
        limits = {"AccountLimit": {"ConcurrentExecutions": free, "UnreservedConcurrentExecutions": free}}
        sending = {"SendQuota": {"MaxSendRate": rate}}
        log_settings = {"cloudwatchRoleArn": role} if role else {}
        parameters = [{"ParameterKey": name, "ParameterValue": value} for name, value in before.items()]
        self.is_emulated = is_emulated
        table: dict[str, Any] = {"TableName": old_table}
        if warm:
            throughput = {"WriteUnitsPerSecond": warm[0], "ReadUnitsPerSecond": warm[1]}
            table = {"TableName": "signatures-2", "LocalSecondaryIndexes": [{}], "WarmThroughput": throughput}
        has_table = bool(table["TableName"])
        outputs = [{"OutputKey": "SignaturesTableName", "OutputValue": table["TableName"]}] if has_table else []
        stack = {"StackStatus": "CREATE_COMPLETE", "Parameters": parameters, "Outputs": outputs}
        self._identities = identities
        self._services: dict[str, Any] = {
            "lambda": SimpleNamespace(get_account_settings=lambda: limits),
            "apigateway": SimpleNamespace(get_account=lambda: log_settings),
            "sesv2": SimpleNamespace(get_email_identity=self._identity, get_account=lambda: sending),
            "cloudformation": SimpleNamespace(describe_stacks=lambda **_: {"Stacks": [stack]}),
            "dynamodb": SimpleNamespace(describe_table=lambda **_: {"Table": table}),
        }

    def client(self, service: str) -> Any:
        return self._services[service]

    def _identity(self, **request: str) -> dict[str, Any]:
        if request["EmailIdentity"] not in self._identities:
            raise ClientError({"Error": {"Code": "NotFoundException", "Message": "none"}}, "GetEmailIdentity")
        return {"IdentityType": "DOMAIN"}


def run_check(account: Account, **values: str) -> None:
    sender = {"MailFrom": "petitions@harbour.example"}
    check(cast(Cloud, account), "petitions-prod", TEMPLATE, sender | values)


def an_account_with_cdn(key: str = "v1", other_key: str = "v1") -> Account:
    """An account whose stack is behind a CDN that sends `key`. The API accepts both keys."""
    return Account(EdgeDomain="a.example", OriginKey=key, OriginKeyToo=other_key)


NO_SENDER = {"MailFrom": TEMPLATE["Parameters"]["MailFrom"]["Default"]}
REFUSED_VALUES: list[tuple[Account, dict[str, str], str]] = [
    (Account(), NO_SENDER, "MAIL_FROM is missing: petitions@example.org is only an example"),
    (Account(identities=("example.org",)), {"MailIdentity": "example.org"}, "leave MAIL_IDENTITY out"),
    (Account(), {"MailFromDomain": "bounce.example.org"}, "a subdomain of MAIL_IDENTITY"),
    (Account(MailIdentity="example.org"), {"MailFromDomain": "bounce.example.com"}, "example bounce.example.org"),
    (Account(), {"AccessLog": "on"}, "no role to write logs with"),
    (Account(), {"WarmWrites": "100"}, "0 or at least 4000"),
    (Account(), {"WarmWrites": "10000", "WarmReads": "100"}, "WarmReads must be 0 or at least 12000"),
    # DynamoDB raises the throughput by itself, and never lowers it.
    (Account(warm=(20_000, 12_000)), {"WarmWrites": "10000"}, "WarmWrites must be 0 or at least 20000"),
    (
        Account(warm=(4_000, 60_000), WarmWrites="5000", WarmReads="12000"),
        {"WarmWrites": "10000"},
        "takes 60000 already, and AWS never lowers it: WarmReads must be 0 or at least 60000",
    ),
    (Account(old_table="signatures-1"), {}, "signatures-1 has no local index, and AWS cannot add one"),
    (Account(), {"ReservedRelay": "many"}, "ReservedRelay must be a whole number, not many"),
    (Account(), {"MailSenders": "48", "ReservedSenders": "20"}, "0 or at least 48"),
    (Account(), {"ReservedOverflow": "1"}, "0 or at least 2"),
    (Account(free=110), {"ReservedRelay": "11"}, "would leave 99 of 110"),
    (Account(free=10), {"ReservedAuthorizer": "5"}, "Lambda keeps 100"),
    # Lambda may get the higher reservation before the lower one.
    (
        Account(free=110, ReservedRelay="50"),
        {"ReservedRelay": "10", "ReservedAuthorizer": "40"},
        "lower ReservedRelay first, in a deployment of its own",
    ),
    (Account(SiteUrl="https://a.example"), {"EdgeDomain": "a.example"}, "in use without CloudFront"),
    (an_account_with_cdn(), {"OriginKey": "v2"}, "does not accept v2 yet"),
    # Visitors would be refused for minutes, while CloudFront's servers learn the new key.
    (an_account_with_cdn(other_key="v2"), {"OriginKey": "v2"}, 'SET="OriginKey=v2 OriginKeyToo=v1" first'),
]
ACCEPTED_VALUES: list[tuple[Account, dict[str, str]]] = [
    (Account(), {}),
    (Account(is_emulated=True), NO_SENDER),
    (Account(), {"MailIdentity": "example.org", "MailFromDomain": "bounce.example.org"}),
    (Account(identities=("example.org",), MailIdentity="example.org"), {"MailIdentity": "example.org"}),
    (Account(role="arn:aws:iam::1:role/logs"), {"AccessLog": "on"}),
    (Account(warm=(4_000, 60_000)), {"WarmWrites": "10000"}),
    # The table has grown past a value that was deployed earlier, and that does not change now.
    (Account(warm=(20_000, 12_000), WarmWrites="10000", WarmReads="0"), {}),
    (Account(warm=(20_000, 12_000), WarmWrites="10000", WarmReads="0"), {"WarmWrites": "0"}),
    (Account(), {"MailSenders": "48", "ReservedSenders": "48", "ReservedOverflow": "2"}),
    (Account(free=110), {"ReservedRelay": "10"}),
    (Account(SiteUrl="https://a.example"), {"EdgeDomain": "a.example", "EdgeOnly": "no"}),
    # A rotation: the API accepts v2, then CloudFront sends it, then the API forgets v1.
    (an_account_with_cdn(), {"OriginKeyToo": "v2"}),
    (an_account_with_cdn(other_key="v2"), {"OriginKey": "v2", "OriginKeyToo": "v1"}),
    (an_account_with_cdn("v2"), {"OriginKeyToo": "v2"}),
    # The stack may use its own existing reservation.
    (Account(free=100, ReservedRelay="50"), {"ReservedRelay": "40"}),
    (Account(free=140, ReservedRelay="50"), {"ReservedRelay": "10", "ReservedAuthorizer": "40"}),
]


@pytest.mark.parametrize(("account", "values", "message"), REFUSED_VALUES)
def test_values_that_aws_refuses_are_refused_before_the_deployment(
    account: Account, values: dict[str, str], message: str
) -> None:
    with pytest.raises(Failure, match=message):
        run_check(account, **values)


@pytest.mark.parametrize(("account", "values"), ACCEPTED_VALUES)
def test_valid_values_are_accepted(
    account: Account, values: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    run_check(account, **values)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("account", "message"),
    [
        (Account(rate=14), "SES lets this account send 14 emails a second, and MailPerSecond is 40."),
        (Account(free=10), "Lambda runs 10 executions at once in this account, and MailSenders is 10."),
    ],
)
def test_values_above_the_accounts_limits_cause_a_warning(
    account: Account, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run_check(account, MailPerSecond="40", MailSenders="10")
    printed = capsys.readouterr().out
    assert message in printed
    assert printed.count("Warning:") == 1
