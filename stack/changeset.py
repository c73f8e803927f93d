"""Create, show, execute or discard a CloudFormation change set: the changes that a deployment would make to a stack.

CloudFormation reads packages and templates from the account's private bucket. The calls are the same on AWS and on the
emulator.
"""

import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from stack.aws import Cloud
from stack.console import Failure

# Parts of AWS's reason when a change set fails only because nothing would change.
_NO_CHANGES = ("didn't contain changes", "No updates are to be performed")
# States of a stack on which AWS still works, without an error so far.
_IN_PROGRESS = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
# By AWS's name of the action. Dynamic: AWS decides only during the deployment.
_WORDS = {"Add": "add", "Modify": "change", "Remove": "REMOVE", "Import": "import", "Dynamic": "?"}
_REPLACEMENTS = {"True": "REPLACE", "Conditional": "change or REPLACE"}
# AWS keeps a replaced resource (UpdateReplacePolicy), but the site then uses a new, empty one.
_TYPES_WITH_DATA = ("AWS::DynamoDB::Table", "AWS::SecretsManager::Secret", "AWS::S3::Bucket", "AWS::SQS::Queue")

# CloudFormation copies a template when it creates the change set, so templates may expire. CloudFormation reads an old
# package again when it rolls back an update, so packages never expire.
PACKAGES, TEMPLATES = "packages", "templates"
_UNFINISHED = {
    "ID": "Unfinished",
    "Filter": {"Prefix": ""},
    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
}
_OLD = {"ID": "TemplatesExpire", "Filter": {"Prefix": f"{TEMPLATES}/"}, "Expiration": {"Days": 90}}
_LIFECYCLE: Any = {"Rules": [{**rule, "Status": "Enabled"} for rule in (_OLD, _UNFINISHED)]}


@dataclass(frozen=True)
class ChangeSet:
    """A change set that is ready to execute. `changes`: AWS's description of the change to each resource."""

    name: str
    stack: str
    creates_stack: bool
    changes: list[dict[str, Any]]

    @property
    def headline(self) -> str:
        """Return how many resources would be added, changed, replaced and removed."""
        counts = Counter(map(_word, self.changes))
        return ", ".join(f"{count} to {word}" for word, count in counts.items()) or "no changes"

    def table(self) -> str:
        """Return one line for each resource. Removals and replacements, which have capitals, come first."""
        rows = [(_word(each), each["LogicalResourceId"], each["ResourceType"]) for each in self.changes]
        rows.sort(key=lambda row: (row[0].islower(), row))
        return "\n".join(f"  {word:<18}{name:<36} {kind}" for word, name, kind in rows)

    def losses(self) -> list[str]:
        """Return the names of the resources whose data the site would lose, or might lose."""
        return sorted(each["LogicalResourceId"] for each in self.changes if _loses_data(each))


def _word(change: dict[str, Any]) -> str:
    return _REPLACEMENTS.get(change.get("Replacement", "")) or _WORDS.get(change["Action"], change["Action"])


def _loses_data(change: dict[str, Any]) -> bool:
    if change["ResourceType"] == "AWS::SecretsManager::Secret" and change["Action"] == "Modify":
        return True  # AWS may generate the secret's value again. Then every signature's id would change.
    is_removed_or_replaced = change["Action"] == "Remove" or change.get("Replacement") in _REPLACEMENTS
    return change["ResourceType"] in _TYPES_WITH_DATA and is_removed_or_replaced


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


def outputs(described: dict[str, Any] | None) -> dict[str, str]:
    """Return the outputs of a described stack by name; empty if there is no stack."""
    return {each["OutputKey"]: each["OutputValue"] for each in (described or {}).get("Outputs", [])}


def parameters(described: dict[str, Any] | None) -> dict[str, str]:
    """Return the parameters of a described stack by name; empty if there is no stack."""
    return {each["ParameterKey"]: each["ParameterValue"] for each in (described or {}).get("Parameters", [])}


def create(cloud: Cloud, stack: str, url: str, values: dict[str, str], declared: Collection[str]) -> ChangeSet | None:
    """Create a change set for the template at the URL. Return None if nothing would change.

    `values`: parameters to set; the others keep their values. `declared`: the names of the template's parameters: AWS
    refuses others. Raise Failure if AWS refuses the change set.
    """
    existing = describe(cloud, stack)
    kept = sorted((parameters(existing).keys() & set(declared)) - values.keys())
    client, address = cloud.client("cloudformation"), {"StackName": stack, "ChangeSetName": f"change-{time.time_ns()}"}
    client.create_change_set(
        **address,
        ChangeSetType="UPDATE" if existing else "CREATE",
        TemplateURL=url,
        Parameters=[{"ParameterKey": each, "ParameterValue": value} for each, value in values.items()]
        + [{"ParameterKey": each, "UsePreviousValue": True} for each in kept],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    change_set = ChangeSet(address["ChangeSetName"], stack, existing is None, [])
    try:
        waiter = client.get_waiter("change_set_create_complete")
        waiter.wait(**address, WaiterConfig={"Delay": 2, "MaxAttempts": 300})
    except WaiterError as error:
        reason = error.last_response.get("StatusReason", error)
        if any(text in str(reason) for text in _NO_CHANGES):
            discard(cloud, change_set)
            return None
        # The reason may name only a check ("early validation"). These events name the resources that it refused.
        command = "aws cloudformation describe-events --filters FailedEvents=true --change-set-name"
        raise Failure(f"the change set failed: {reason}\n{command} {error.last_response.get('ChangeSetId')}") from error
    pages = client.get_paginator("describe_change_set").paginate(**address)
    return replace(change_set, changes=[change["ResourceChange"] for page in pages for change in page["Changes"]])


def confirm_and_execute(cloud: Cloud, change_set: ChangeSet, confirm: Callable[[ChangeSet], bool]) -> None:
    """Execute the change set if `confirm` returns true. Otherwise, or if it fails, discard the change set."""
    try:
        if not confirm(change_set):
            raise Failure("not deployed: you said no")
    except BaseException:
        discard(cloud, change_set)
        raise
    execute(cloud, change_set)


def execute(cloud: Cloud, change_set: ChangeSet) -> None:
    """Execute the change set and wait until AWS has finished. Raise Failure with the resources that failed, and why."""
    client = cloud.client("cloudformation")
    client.execute_change_set(StackName=change_set.stack, ChangeSetName=change_set.name)
    waiter = "stack_create_complete" if change_set.creates_stack else "stack_update_complete"
    try:
        client.get_waiter(waiter).wait(StackName=change_set.stack, WaiterConfig={"Delay": 5, "MaxAttempts": 720})
    except WaiterError as error:
        status = (describe(cloud, change_set.stack) or {}).get("StackStatus", "")
        if status in _IN_PROGRESS:  # For example, AWS waits for hours for the DNS record that a certificate needs.
            raise Failure(
                f"AWS still works on stack {change_set.stack} ({status}). This command no longer waits, but nothing has"
                " failed. See docs/deploy.md, and deploy again when AWS has finished"
            ) from error
        raise Failure(failures(cloud, change_set.stack)) from error


def discard(cloud: Cloud, change_set: ChangeSet) -> None:
    """Delete the change set. If it would have created the stack, also delete the empty stack that AWS made for it."""
    client = cloud.client("cloudformation")
    client.delete_change_set(StackName=change_set.stack, ChangeSetName=change_set.name)
    if change_set.creates_stack:
        client.delete_stack(StackName=change_set.stack)


def failures(cloud: Cloud, stack: str) -> str:
    """Return a line for each of the first ten failures, oldest first, because the first one caused the others."""
    pages = cloud.client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=stack)
    # AWS returns the events newest first, and a rollback alone fills a page.
    events = takewhile(_is_after_start, (event for page in pages for event in page["StackEvents"]))
    failed = [event for event in events if event["ResourceStatus"].endswith("_FAILED")][::-1]
    lines = [f"  {each['LogicalResourceId']}: {each.get('ResourceStatusReason', 'no reason given')}" for each in failed]
    return "\n".join([f"stack {stack} was not deployed", *lines[:10]])


def _is_after_start(event: dict[str, Any]) -> bool:
    """A deployment starts with an event of the stack itself."""
    is_start = event["ResourceStatus"] in ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS")
    return not (is_start and event.get("PhysicalResourceId") == event["StackId"])


def upload(cloud: Cloud, bucket: str, folder: str, content: bytes, suffix: str) -> str:
    """Store the content in the folder. Return the object's key: the same content is stored once."""
    key = f"{folder}/{hashlib.sha256(content).hexdigest()}{suffix}"
    cloud.client("s3").put_object(Bucket=bucket, Key=key, Body=content)
    return key


def upload_template(cloud: Cloud, bucket: str, template: dict[str, Any]) -> str:
    """Store the template. Return its URL in path style, which AWS and the emulator both accept."""
    body = json.dumps(template, separators=(",", ":"), sort_keys=True).encode()
    key = upload(cloud, bucket, TEMPLATES, body, ".json")
    return f"{cloud.client('s3').meta.endpoint_url}/{bucket}/{key}"


def prepare_bucket(cloud: Cloud) -> str:
    """Create the account's bucket if it does not exist, secure it, and return its name.

    S3 refuses the creation if another account has taken the name. Secure the bucket each time: perhaps the deployment
    that created it was interrupted. (S3 blocks public access and encrypts by itself.)
    """
    account = cloud.client("sts").get_caller_identity()["Account"]
    s3 = cloud.client("s3")
    region, partition = s3.meta.region_name, s3.meta.partition
    name = f"petitions-deploy-{account}-{region}"
    # S3 does not accept us-east-1 as a LocationConstraint.
    place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    with suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=name, **place)
    tls_only = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:{partition}:s3:::{name}", f"arn:{partition}:s3:::{name}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [tls_only]}))
    s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration=_LIFECYCLE)
    return name
