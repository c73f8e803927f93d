"""Create, read, execute or discard a CloudFormation change set: the changes that a deployment would make to a stack.

The calls are the same on AWS and on the emulator.
"""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from stack.aws import Cloud
from stack.console import Failure
from stack.early_validation import refused_resources

# Parts of AWS's reason when a change set fails only because nothing would change.
_NO_CHANGES = ("didn't contain changes", "No updates are to be performed")
# States of a stack that can only be deleted.
_NOT_UPDATABLE = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED")
# States of a stack on which AWS still works, without an error so far.
_IN_PROGRESS = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
# How far AWS's clock may be behind this machine's clock.
_CLOCK_TOLERANCE_SECONDS = 60


@dataclass(frozen=True)
class ChangeSet:
    """A change set that is ready to execute. `changes`: AWS's description of the change to each resource."""

    name: str
    stack: str
    creates_stack: bool
    changes: list[dict[str, Any]]


def describe(cloud: Cloud, stack: str) -> dict[str, Any] | None:
    """Return AWS's description of the stack. Return None if there is no stack, or only a change set to create it."""
    try:
        answer: dict[str, Any] = cloud.client("cloudformation").describe_stacks(StackName=stack)
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    described: dict[str, Any] = answer["Stacks"][0]
    return None if described["StackStatus"] == "REVIEW_IN_PROGRESS" else described


def outputs(described: dict[str, Any]) -> dict[str, str]:
    """Return the stack's outputs by name. `described`: the result of `describe`."""
    return {each["OutputKey"]: each["OutputValue"] for each in described.get("Outputs", [])}


def parameters(described: dict[str, Any]) -> dict[str, str]:
    """Return the stack's parameters by name. `described`: the result of `describe`."""
    return {each["ParameterKey"]: each["ParameterValue"] for each in described.get("Parameters", [])}


def create(cloud: Cloud, stack: str, url: str, values: dict[str, str], declared: Collection[str]) -> ChangeSet | None:
    """Create a change set for the template at the URL. Return None if nothing would change.

    `values`: parameters to set. `declared`: the names of the template's parameters. Raise Failure if AWS refuses the
    change set, or if the stack is in a state that allows no update.
    """
    existing = describe(cloud, stack)
    if existing and existing["StackStatus"] in _NOT_UPDATABLE:
        raise Failure(f"stack {stack} is {existing['StackStatus']}: delete it, then deploy again")
    if existing and existing["StackStatus"] == "UPDATE_ROLLBACK_FAILED":
        resume = f"aws cloudformation continue-update-rollback --stack-name {stack}"
        raise Failure(f"the rollback of stack {stack} failed (UPDATE_ROLLBACK_FAILED): {resume}, then deploy again")
    name = f"change-{time.time_ns()}"
    cloud.client("cloudformation").create_change_set(
        StackName=stack,
        ChangeSetName=name,
        ChangeSetType="UPDATE" if existing else "CREATE",
        TemplateURL=url,
        Parameters=_parameters_to_send(values, existing, declared),
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    return _await_change_set(cloud, stack, name, creates_stack=existing is None)


def execute(cloud: Cloud, change_set: ChangeSet) -> None:
    """Execute the change set and wait until AWS has finished. Raise Failure with the resources that failed, and why."""
    client = cloud.client("cloudformation")
    started_at = time.time()
    client.execute_change_set(StackName=change_set.stack, ChangeSetName=change_set.name)
    waiter = "stack_create_complete" if change_set.creates_stack else "stack_update_complete"
    try:
        client.get_waiter(waiter).wait(StackName=change_set.stack, WaiterConfig=cloud.waiter_config())
    except WaiterError as error:
        raise Failure(_unfinished(cloud, change_set) or failures(cloud, change_set.stack, started_at)) from error


def confirm_and_execute(cloud: Cloud, change_set: ChangeSet, confirm: Callable[[ChangeSet], bool]) -> None:
    """Execute the change set if `confirm` returns true. Otherwise discard the change set and raise Failure.

    If `confirm` raises an exception, discard the change set too.
    """
    try:
        if not confirm(change_set):
            raise Failure("not deployed: you said no")
    except BaseException:
        discard(cloud, change_set)
        raise
    execute(cloud, change_set)


def discard(cloud: Cloud, change_set: ChangeSet) -> None:
    """Delete the change set. If it would have created the stack, also delete the empty stack that AWS made for it."""
    client = cloud.client("cloudformation")
    client.delete_change_set(StackName=change_set.stack, ChangeSetName=change_set.name)
    if change_set.creates_stack:
        client.delete_stack(StackName=change_set.stack)


def _parameters_to_send(
    values: dict[str, str], existing: dict[str, Any] | None, declared: Collection[str]
) -> list[dict[str, Any]]:
    """Return the parameters for AWS: the given values, and the previous value of each other parameter of the stack.

    Leave out parameters that the template no longer declares, because AWS refuses them.
    """
    previous = existing.get("Parameters", []) if existing else []
    previous_names = {each["ParameterKey"] for each in previous}
    kept_names = previous_names.intersection(declared) - values.keys()
    given = [{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()]
    kept = [{"ParameterKey": name, "UsePreviousValue": True} for name in sorted(kept_names)]
    return [*given, *kept]


def _await_change_set(cloud: Cloud, stack: str, name: str, *, creates_stack: bool) -> ChangeSet | None:
    """Wait until the change set is ready, and return it. Return None if it has no changes."""
    paginator = cloud.client("cloudformation").get_paginator("describe_change_set")
    while True:
        pages = list(paginator.paginate(StackName=stack, ChangeSetName=name))
        description = pages[0]
        if description["Status"] == "FAILED":
            # AWS says FAILED also if nothing would change. If it failed for another reason, this call raises Failure.
            _discard_failed(cloud, ChangeSet(name, stack, creates_stack, changes=[]), description)
            return None
        if description["Status"] == "CREATE_COMPLETE":
            changes = [change for page in pages for change in page.get("Changes", [])]
            return ChangeSet(name, stack, creates_stack, changes)
        time.sleep(0.1 if cloud.is_emulated else 2)


def _discard_failed(cloud: Cloud, failed: ChangeSet, description: dict[str, Any]) -> None:
    """Delete a failed change set. Raise Failure, unless AWS's reason is that nothing would change."""
    reason = description.get("StatusReason", "no reason given")
    is_unchanged = any(text in reason for text in _NO_CHANGES)
    refused = "" if is_unchanged else refused_resources(cloud, description["ChangeSetId"])
    discard(cloud, failed)  # Only now, because `refused_resources` asks AWS about the change set.
    if not is_unchanged:
        raise Failure(f"the change set failed: {reason}{refused}")


def _unfinished(cloud: Cloud, change_set: ChangeSet) -> str:
    """Return a text if AWS still works on the stack although the waiter has given up; otherwise "".

    For example, AWS waits for hours for the DNS record that a certificate needs.
    """
    described = describe(cloud, change_set.stack) or {}
    status = described.get("StackStatus", "")
    if status not in _IN_PROGRESS:
        return ""
    return (
        f"AWS still works on stack {change_set.stack} ({status}). This command no longer waits, but nothing has failed."
        " See docs/deploy.md, and deploy again when AWS has finished"
    )


def failures(cloud: Cloud, stack: str, started_at: float) -> str:
    """Return a line for each of the first ten failures, oldest first, because the first one caused the others.

    `started_at`: when the deployment started, in seconds since 1970.
    """
    lines: list[str] = []
    for event in reversed(_events_since(started_at - _CLOCK_TOLERANCE_SECONDS, cloud, stack)):
        if event["ResourceStatus"].endswith("_FAILED"):
            reason = event.get("ResourceStatusReason", "no reason given")
            lines.append(f"  {event['LogicalResourceId']}: {reason}")
    return "\n".join([f"stack {stack} was not deployed", *lines[:10]])


def _events_since(since: float, cloud: Cloud, stack: str) -> list[dict[str, Any]]:
    """Return the stack's events since a time (seconds since 1970), newest first.

    A page of AWS has about 100 events, and a rollback alone has more. The pages after an older event are not needed.
    """
    events: list[dict[str, Any]] = []
    for page in cloud.client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=stack):
        recent = [event for event in page["StackEvents"] if event["Timestamp"].timestamp() >= since]
        events += recent
        if len(recent) < len(page["StackEvents"]):
            break
    return events
