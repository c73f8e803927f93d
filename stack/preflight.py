"""Check the parameters before a deployment, so that AWS does not refuse one of them in the middle of the deployment."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from stack import changeset
from stack.aws import Cloud
from stack.console import Failure, say
from stack.preflight_capacity import check_reservations, check_warm_throughput, whole_number


def check(cloud: Cloud, stack: str, template: dict[str, Any], values: Mapping[str, str]) -> None:
    """Raise Failure if AWS would refuse one of the values, or if the API would refuse visitors because of them.

    Find only the mistakes that the functions below know. The text of the Failure says what to do instead. Warn if the
    account's limits are too low. `values`: the parameters that the operator chose.
    """
    previous = previous_values(cloud, stack)
    planned = planned_values(template["Parameters"], previous, values)
    example = template["Parameters"]["MailFrom"]["Default"]
    if planned["MailFrom"] == example and not cloud.is_emulated:
        raise Failure(f"MAIL_FROM is missing: {example} is only an example. Give an address that SES has verified")
    _check_mail(cloud, planned, previous)
    check_reservations(cloud, planned, previous, template)
    _check_edge(planned, previous)
    if planned["AccessLog"] == "on":
        _check_log_role(cloud)
    # The emulator ignores warm throughput, so nothing is compared with its table.
    table = None if cloud.is_emulated else _signatures_table(cloud, stack)
    check_warm_throughput(planned, previous, table)
    if not cloud.is_emulated:
        _check_index(table)
        _warn_of_limits(cloud, planned)


def previous_values(cloud: Cloud, stack: str) -> dict[str, str]:
    """Return the parameters of the existing stack. Return an empty dict if there is no stack."""
    described = changeset.describe(cloud, stack) or {}
    return changeset.parameters(described)


def planned_values(
    declared: Mapping[str, Any], previous: Mapping[str, str], values: Mapping[str, str]
) -> dict[str, str]:
    """Return the value that each parameter will have: the chosen one, the previous one or the template's default.

    `declared`: the template's parameters.
    """
    defaults = {name: str(parameter.get("Default", "")) for name, parameter in declared.items()}
    return {**defaults, **previous, **values}


def _check_mail(cloud: Cloud, planned: Mapping[str, str], previous: Mapping[str, str]) -> None:
    identity, mail_from_domain = planned["MailIdentity"], planned["MailFromDomain"]
    if "@" in identity:
        raise Failure(
            f"MAIL_IDENTITY must be a domain. Verify the address {identity} in SES by hand, and leave MAIL_IDENTITY out"
        )
    is_subdomain = identity != "" and mail_from_domain.endswith(f".{identity}")
    if mail_from_domain and not is_subdomain:
        example = identity or "example.org"
        raise Failure(f"MailFromDomain must be a subdomain of MAIL_IDENTITY, for example bounce.{example}")
    is_new_identity = identity != "" and identity != previous.get("MailIdentity")
    if is_new_identity and _identity_exists(cloud, identity):
        raise Failure(f"SES already has the identity {identity} in this region: leave MAIL_IDENTITY out")


def _identity_exists(cloud: Cloud, identity: str) -> bool:
    """Return whether SES has the identity (a domain) already."""
    try:
        cloud.client("sesv2").get_email_identity(EmailIdentity=identity)
    except ClientError as error:
        if error.response["Error"]["Code"] == "NotFoundException":
            return False
        raise
    return True


def _check_edge(planned: Mapping[str, str], previous: Mapping[str, str]) -> None:
    """Check that the API accepts visitors while the domain moves to CloudFront, and while CloudFront's key changes.

    CloudFront sends the key that OriginKey names. The API accepts this key and the one that OriginKeyToo names. With
    EdgeOnly=yes, the API refuses a request without such a key. With EdgeOnly=no, the API answers it, but ignores
    CloudFront's headers, and so takes CloudFront for the visitor (chalicelib/edge/caller.py). So check the keys in both
    cases.
    """
    is_first_deployment = not previous
    if is_first_deployment or not planned["EdgeDomain"]:
        return  # There are no visitors yet, or the API accepts all of them.
    key, previous_key = planned["OriginKey"], previous.get("OriginKey")
    if previous.get("EdgeDomain"):
        # CloudFront and the API change at different times. So the unchanged API may get the new key, and the changed
        # API the previous key.
        accepted_before = (previous_key, previous.get("OriginKeyToo"))
        accepted_after = (key, planned["OriginKeyToo"])
        if key not in accepted_before:
            raise Failure(f'the API does not accept {key} yet: deploy with SET="OriginKeyToo={key}" first')
        if previous_key not in accepted_after:
            raise Failure(
                f"CloudFront sends {previous_key} until the change has spread, and the API would not accept it: deploy"
                f' with SET="OriginKey={key} OriginKeyToo={previous_key}" first'
            )
    elif planned["EdgeOnly"] == "yes":
        raise Failure(
            'this site is in use without CloudFront: deploy with SET="EdgeOnly=no" first, then point the domain to'
            ' CloudFront, then deploy with SET="EdgeOnly=yes"'
        )


def _check_log_role(cloud: Cloud) -> None:
    """Check that API Gateway has a role to write access logs with."""
    account = cloud.client("apigateway").get_account()
    if not account.get("cloudwatchRoleArn"):
        raise Failure(
            "AccessLog=on: API Gateway has no role to write logs with in this region. See docs/deploy.md to set it"
        )


def _signatures_table(cloud: Cloud, stack: str) -> dict[str, Any] | None:
    """Return DynamoDB's description of the signatures table. Return None if there is no stack."""
    outputs = changeset.outputs(changeset.describe(cloud, stack) or {})
    name = outputs.get("SignaturesTableName")
    if name is None:
        return None
    described: dict[str, Any] = cloud.client("dynamodb").describe_table(TableName=name)["Table"]
    return described


def _check_index(table: Mapping[str, Any] | None) -> None:
    """Check that an existing signatures table has its local index. AWS cannot add one to a table."""
    if table is not None and not table.get("LocalSecondaryIndexes"):
        raise Failure(
            f"the table {table['TableName']} has no local index, and AWS cannot add one (docs/decisions/005): deploy a"
            " stage with another name, or go on with the version that this stack has"
        )


def _warn_of_limits(cloud: Cloud, planned: Mapping[str, str]) -> None:
    """Warn if the account's limits are too low for the values.

    Do not raise Failure: AWS accepts such values, and the limits can be raised later.
    """
    rate = cloud.client("sesv2").get_account()["SendQuota"]["MaxSendRate"]
    if float(planned["MailPerSecond"]) > rate:
        say(
            f"Warning: SES lets this account send {rate:g} emails a second, and MailPerSecond is "
            f"{planned['MailPerSecond']}. Deploy a lower MAIL_PER_SECOND, or ask AWS for a higher rate"
        )
    limit = cloud.client("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    if whole_number(planned, "MailSenders") >= limit:
        say(
            f"Warning: Lambda runs {limit} executions at once in this account, and MailSenders is "
            f"{planned['MailSenders']}. The site would be throttled. Ask AWS for more, or deploy a"
            " lower MAIL_PER_SECOND, which also lowers MailSenders"
        )
