"""What AWS would refuse half way through a deployment, refused before it begins."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from stack import changeset
from stack.aws import Cloud
from stack.console import Failure

RESERVED = ("ReservedAuthorizer", "ReservedRelay", "ReservedSenders", "ReservedOverflow")
# Lambda keeps so many for functions that reserve none.
_UNRESERVED = 100
# What a new on-demand table takes without it.
_WARM = 4000


def check(cloud: Cloud, stack: str, template: dict[str, Any], values: Mapping[str, str]) -> None:
    """Raise Failure with what to do instead."""
    before = _previous(cloud, stack)
    chosen = {name: str(each.get("Default", "")) for name, each in template["Parameters"].items()}
    chosen |= {**before, **values}
    _check_mail(cloud, chosen, before)
    _check_reservations(cloud, chosen, before, template)
    if 0 < _number(chosen, "WarmWrites") < _WARM:
        raise Failure(f"WarmWrites is 0 or at least {_WARM}: a new table takes that much by itself")
    if chosen["AccessLog"] == "on" and not cloud.client("apigateway").get_account().get("cloudwatchRoleArn"):
        raise Failure(
            "AccessLog=on: API Gateway has no role to write logs with in this region; docs/deploy.md says how to set it"
        )


def _previous(cloud: Cloud, stack: str) -> dict[str, str]:
    described = changeset.describe(cloud, stack) or {}
    return {each["ParameterKey"]: each["ParameterValue"] for each in described.get("Parameters", [])}


def _number(chosen: Mapping[str, str], name: str) -> int:
    if not chosen[name].isdecimal():
        raise Failure(f"{name} is a whole number, not {chosen[name]}")
    return int(chosen[name])


def _check_mail(cloud: Cloud, chosen: Mapping[str, str], before: Mapping[str, str]) -> None:
    identity, mail_from = chosen["MailIdentity"], chosen["MailFromDomain"]
    if "@" in identity:
        raise Failure(
            f"MAIL_IDENTITY is a domain. Verify the address {identity} in SES by hand, and leave MAIL_IDENTITY out"
        )
    if mail_from and not (identity and mail_from.endswith(f".{identity}")):
        raise Failure(f"MailFromDomain is a name below MAIL_IDENTITY, for example bounce.{identity or 'example.org'}")
    if identity and identity != before.get("MailIdentity") and _is_known(cloud, identity):
        raise Failure(f"SES has the identity {identity} in this region already: leave MAIL_IDENTITY out")


def _is_known(cloud: Cloud, identity: str) -> bool:
    try:
        cloud.client("sesv2").get_email_identity(EmailIdentity=identity)
    except ClientError as error:
        if error.response["Error"]["Code"] == "NotFoundException":
            return False
        raise
    return True


def _check_reservations(
    cloud: Cloud, chosen: Mapping[str, str], before: Mapping[str, str], template: dict[str, Any]
) -> None:
    """A reservation is a limit too, so a queue's worker needs as many as its event source starts."""
    overflow = template["Resources"]["StoreOverflow"]["Properties"]["Events"]["StoreOverflowSqsEventSource"]
    storers = overflow["Properties"]["ScalingConfig"]["MaximumConcurrency"]
    for name, least in (("ReservedSenders", _number(chosen, "MailSenders")), ("ReservedOverflow", storers)):
        if 0 < _number(chosen, name) < least:
            raise Failure(f"{name} is 0 or at least {least}, the number that its event source starts")
    wanted = sum(_number(chosen, name) for name in RESERVED)
    if wanted:
        limit = cloud.client("lambda").get_account_settings()["AccountLimit"]
        free = limit["UnreservedConcurrentExecutions"] + sum(int(before.get(name, 0)) for name in RESERVED)
        if free - wanted < _UNRESERVED:
            raise Failure(f"{wanted} reserved executions would leave {free - wanted} of {free}, and Lambda keeps 100")
