"""Read why CloudFormation refused a change set before it looked at the stack ("early validation")."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from stack.aws import Cloud

# The fields that may have a reason. The first one that is there is used.
_REASONS = ("ValidationStatusReason", "HookStatusReason", "ResourceStatusReason")


def refused_resources(cloud: Cloud, change_set_arn: str) -> str:
    """Return a line for each resource that CloudFormation refused, each after a line break; "" if there is none.

    The change set's own reason names only the check that failed, not the resource. If AWS refuses this call too, return
    a line that says so. DescribeEvents accepts a change set's ARN, but not its name alone.
    """
    pages = cloud.client("cloudformation").get_paginator("describe_events")
    try:
        lines = list(_lines(pages.paginate(ChangeSetName=change_set_arn, Filters={"FailedEvents": True})))
    except ClientError as error:
        return f"\n  AWS does not say which resource: {error}"
    return "".join(f"\n{line}" for line in lines)


def _lines(pages: Any) -> Iterator[str]:
    for page in pages:
        for event in page.get("OperationEvents", []):
            reasons = [event[name] for name in _REASONS if event.get(name)]
            if reasons and "LogicalResourceId" in event:
                yield f"  {event.get('ResourceType', '')} {event['LogicalResourceId']}: {reasons[0]}"
