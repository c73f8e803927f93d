"""Check the parameters before a deployment, so that AWS does not refuse one of them in the middle of the deployment."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from stack import changeset
from stack.aws import Cloud
from stack.console import Failure, say
from stack.template.functions import MIN_UNRESERVED, RESERVED

RESERVED_PARAMETERS = tuple(parameter for parameter, _ in RESERVED.values())
# By parameter: the field of WarmThroughput, and the units a second that a new on-demand table takes without warming.
_WARM = {"WarmWrites": ("WriteUnitsPerSecond", 4_000), "WarmReads": ("ReadUnitsPerSecond", 12_000)}
Values = Mapping[str, str]


def check(cloud: Cloud, stack: str, template: dict[str, Any], values: Values) -> None:
    """Raise Failure if AWS would refuse one of the values, or if the API would refuse visitors because of them.

    Find only the mistakes that the functions below know. The text of the Failure says what to do instead. Warn if the
    account's limits are too low. `values`: the parameters that the operator chose.
    """
    described = changeset.describe(cloud, stack)
    previous = changeset.parameters(described)
    planned = planned_values(template["Parameters"], previous, values)
    example = template["Parameters"]["MailFrom"]["Default"]
    if planned["MailFrom"] == example and not cloud.is_emulated:
        raise Failure(f"MAIL_FROM is missing: {example} is only an example. Give an address that SES has verified")
    _check_mail(cloud, planned, previous)
    _check_reservations(cloud, planned, previous, template)
    _check_edge(planned, previous)
    if planned["AccessLog"] == "on" and not cloud.client("apigateway").get_account().get("cloudwatchRoleArn"):
        raise Failure(
            "AccessLog=on: API Gateway has no role to write logs with in this region. See docs/deploy.md to set it"
        )
    name = changeset.outputs(described).get("SignaturesTableName")
    # The emulator ignores warm throughput, so nothing is compared with its table.
    table = cloud.client("dynamodb").describe_table(TableName=name)["Table"] if name and not cloud.is_emulated else None
    _check_warm_throughput(planned, previous, table)
    if table and not table.get("LocalSecondaryIndexes"):
        raise Failure(
            f"the table {name} has no local index, and AWS cannot add one (docs/decisions/005): deploy a"
            " stage with another name, or go on with the version that this stack has"
        )
    if not cloud.is_emulated:
        _warn_of_limits(cloud, planned)


def planned_values(declared: Mapping[str, Any], previous: Values, values: Values) -> dict[str, str]:
    """Return the value that each parameter will have: the chosen one, the previous one or the template's default."""
    defaults = {name: str(parameter.get("Default", "")) for name, parameter in declared.items()}
    return {**defaults, **previous, **values}


def _check_mail(cloud: Cloud, planned: Values, previous: Values) -> None:
    identity, mail_from_domain = planned["MailIdentity"], planned["MailFromDomain"]
    if mail_from_domain and not (identity and mail_from_domain.endswith(f".{identity}")):
        example = identity or "example.org"
        raise Failure(f"MailFromDomain must be a subdomain of MAIL_IDENTITY, for example bounce.{example}")
    if identity and identity != previous.get("MailIdentity"):
        try:
            cloud.client("sesv2").get_email_identity(EmailIdentity=identity)
        except ClientError as error:
            if error.response["Error"]["Code"] == "NotFoundException":
                return
            raise
        raise Failure(f"SES already has the identity {identity} in this region: leave MAIL_IDENTITY out")


def _check_edge(planned: Values, previous: Values) -> None:
    """Check that the API accepts visitors while the domain moves to CloudFront, and while CloudFront's key changes.

    CloudFront sends the key that OriginKey names. The API accepts this key and the one that OriginKeyToo names. With
    EdgeOnly=yes, the API refuses a request without such a key. With EdgeOnly=no, the API answers it, but takes
    CloudFront for the visitor (chalicelib/edge/http.py). So check the keys in both cases.
    """
    if not previous or not planned["EdgeDomain"]:
        return  # There are no visitors yet, or the API accepts all of them.
    key, previous_key = planned["OriginKey"], previous.get("OriginKey")
    if not previous.get("EdgeDomain"):
        if planned["EdgeOnly"] == "yes":
            raise Failure(
                'this site is in use without CloudFront: deploy with SET="EdgeOnly=no" first, then point the domain to'
                ' CloudFront, then deploy with SET="EdgeOnly=yes"'
            )
        return
    # CloudFront and the API change at different times. So the unchanged API may get the new key, and the changed API
    # the previous key.
    if key not in (previous_key, previous.get("OriginKeyToo")):
        raise Failure(f'the API does not accept {key} yet: deploy with SET="OriginKeyToo={key}" first')
    if previous_key not in (key, planned["OriginKeyToo"]):
        raise Failure(
            f"CloudFront sends {previous_key} until the change has spread, and the API would not accept it: deploy"
            f' with SET="OriginKey={key} OriginKeyToo={previous_key}" first'
        )


def _number(planned: Values, name: str) -> int:
    if not planned[name].isdecimal():
        raise Failure(f"{name} must be a whole number, not {planned[name]}")
    return int(planned[name])


def _check_reservations(cloud: Cloud, planned: Values, previous: Values, template: dict[str, Any]) -> None:
    """Check that a reserved worker has the executions that its event source starts, and that Lambda grants all.

    CloudFormation updates functions in no fixed order, and Lambda checks each reservation when it is made: perhaps a
    raised one before another one is lowered.
    """
    source = template["Resources"]["StoreOverflow"]["Properties"]["Events"]["StoreOverflowSqsEventSource"]
    workers = source["Properties"]["ScalingConfig"]["MaximumConcurrency"]
    for name, least in (("ReservedSenders", _number(planned, "MailSenders")), ("ReservedOverflow", workers)):
        if 0 < _number(planned, name) < least:
            raise Failure(f"{name} must be 0 or at least {least}, the number that its event source starts")
    reserved = {name: _number(planned, name) for name in RESERVED_PARAMETERS}
    if not any(reserved.values()):
        return
    before = {name: int(previous.get(name, 0)) for name in RESERVED_PARAMETERS}
    limit = cloud.client("lambda").get_account_settings()["AccountLimit"]
    available, total = limit["UnreservedConcurrentExecutions"] + sum(before.values()), sum(reserved.values())
    if available - total < MIN_UNRESERVED:
        left = f"{total} reserved executions would leave {available - total} of {available}"
        raise Failure(f"{left}, and Lambda keeps {MIN_UNRESERVED}")
    most_at_once = sum(max(reserved[name], before[name]) for name in reserved)
    if available - most_at_once < MIN_UNRESERVED:
        lowered = " and ".join(name for name in reserved if reserved[name] < before[name])
        raise Failure(
            f"while the functions change, {most_at_once} executions may be reserved of {available}, and Lambda keeps"
            f" {MIN_UNRESERVED}: lower {lowered} first, in a deployment of its own"
        )


def _check_warm_throughput(planned: Values, previous: Values, table: Mapping[str, Any] | None) -> None:
    """Check that DynamoDB accepts the warm throughput: it raises a table's values by itself, and never lowers them."""
    wanted = {name: _number(planned, name) for name in _WARM}
    for name, (_, of_new_table) in _WARM.items():
        if 0 < wanted[name] < of_new_table:
            raise Failure(f"{name} must be 0 or at least {of_new_table}, which a new table takes without warming")
    # Without WarmWrites, the template does not set WarmReads either. If both are unchanged, nothing is lowered.
    is_changed = any(planned[name] != previous.get(name) for name in wanted)
    if table is None or not wanted["WarmWrites"] or not is_changed:
        return
    for name, (field, _) in _WARM.items():
        current = table.get("WarmThroughput", {}).get(field, 0)
        if 0 < wanted[name] < current:
            never = f"the table takes {current} already, and AWS never lowers it"
            raise Failure(f"{never}: {name} must be 0 or at least {current}")


def _warn_of_limits(cloud: Cloud, planned: Values) -> None:
    """Warn if the account's limits are too low: AWS accepts such values, and the limits can be raised later."""
    rate = cloud.client("sesv2").get_account()["SendQuota"]["MaxSendRate"]
    if float(planned["MailPerSecond"]) > rate:
        say(
            f"Warning: SES lets this account send {rate:g} emails a second, and MailPerSecond is "
            f"{planned['MailPerSecond']}. Deploy a lower MAIL_PER_SECOND, or ask AWS for a higher rate"
        )
    limit = cloud.client("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    if _number(planned, "MailSenders") >= limit:
        say(
            f"Warning: Lambda runs {limit} executions at once in this account, and MailSenders is "
            f"{planned['MailSenders']}. The site would be throttled. Ask AWS for more, or deploy a"
            " lower MAIL_PER_SECOND, which also lowers MailSenders"
        )
