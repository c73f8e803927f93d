"""Deploying: a repeat changes nothing, secrets are kept, errors are one line and say why."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import boto3
import pytest
from botocore.exceptions import WaiterError
from botocore.stub import Stubber

from stack import changeset
from stack.aws import Cloud, endpoint_in_environment, one_line_errors
from stack.console import Failure
from stack.deploy import deploy, stack_name
from stack.local.emulator import EmulatorProcess
from stack.package import Package

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)

pytestmark = pytest.mark.stack


VALUES = {"SiteUrl": "http://127.0.0.1:8000", "MailFrom": "petitions@example.org"}


@pytest.fixture(scope="module")
def outputs(running_emulator: EmulatorProcess, local_package: Package) -> dict[str, str]:
    return deploy(Cloud(running_emulator.endpoint), local_package, "local", VALUES, lambda _: True)


def test_deploying_twice_changes_nothing(
    outputs: dict[str, str], running_emulator: EmulatorProcess, local_package: Package
) -> None:
    def refuse(ready: changeset.ChangeSet) -> bool:
        raise AssertionError(f"there are changes: {ready.headline}")

    assert deploy(Cloud(running_emulator.endpoint), local_package, "local", VALUES, refuse) == outputs


def test_a_refused_deployment_changes_nothing(
    outputs: dict[str, str], running_emulator: EmulatorProcess, local_package: Package
) -> None:
    cloud = Cloud(running_emulator.endpoint)
    values = {**VALUES, "SiteUrl": "http://other.example"}
    with pytest.raises(Failure, match="you said no"):
        deploy(cloud, local_package, "local", values, lambda ready: False)
    unchanged_stack = changeset.describe(cloud, stack_name("local"))
    assert unchanged_stack
    assert changeset.outputs(unchanged_stack) == outputs


def test_a_refused_first_deployment_leaves_no_stack(running_emulator: EmulatorProcess, local_package: Package) -> None:
    cloud = Cloud(running_emulator.endpoint)
    with pytest.raises(Failure, match="you said no"):
        deploy(cloud, local_package, "other", {}, lambda ready: False)
    stacks = cloud.client("cloudformation").describe_stacks()["Stacks"]
    existing_names = [each["StackName"] for each in stacks if "DELETE" not in each["StackStatus"]]
    assert stack_name("other") not in existing_names


def test_secrets_keep_their_value_when_deployed_again(
    outputs: dict[str, str], running_emulator: EmulatorProcess, local_package: Package
) -> None:
    cloud = Cloud(running_emulator.endpoint)

    def secret() -> str:
        found = cloud.client("secretsmanager").get_secret_value(SecretId=outputs["SignatureKeysArn"])
        return str(found["SecretString"])

    before = secret()
    for url in ("http://127.0.0.1:8999", VALUES["SiteUrl"]):
        deploy(cloud, local_package, "local", {**VALUES, "SiteUrl": url}, lambda _: True)
        assert secret() == before
    assert len(json.loads(before)["v1"]) == 64


def change(action: str, name: str, replacement: str = "False") -> dict[str, Any]:
    resource = {"Action": action, "LogicalResourceId": name, "ResourceType": "AWS::T", "Replacement": replacement}
    return {"ResourceChange": resource}


def test_a_change_set_is_printed_as_a_table_with_losses_first() -> None:
    changes = [change("Add", "Queue"), change("Modify", "Table", "True"), change("Remove", "Topic")]
    change_set = changeset.ChangeSet("change", "petitions-dev", False, changes)
    assert change_set.table().splitlines() == [
        "  REMOVE   Topic  AWS::T",
        "  REPLACE  Table  AWS::T",
        "  add      Queue  AWS::T",
    ]
    assert change_set.headline == "1 to add, 1 to REPLACE, 1 to REMOVE"


def test_missing_credentials_are_a_one_line_error(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-2")
    with pytest.raises(Failure, match="no AWS credentials: set AWS_PROFILE"), one_line_errors():
        Cloud().client("sts").get_caller_identity()


@pytest.mark.parametrize(("value", "endpoint"), [("http://127.0.0.1:4566", "http://127.0.0.1:4566"), ("", None)])
def test_an_empty_endpoint_url_means_aws(monkeypatch: pytest.MonkeyPatch, value: str, endpoint: str | None) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", value)
    assert endpoint_in_environment() == endpoint


def test_the_reason_of_a_failure_is_found_behind_a_long_rollback() -> None:
    """AWS returns the events by pages, newest first."""
    client: Any = boto3.client("cloudformation", "eu-west-2", aws_access_key_id="a", aws_secret_access_key="b")
    began = datetime(2026, 11, 24, 18, 30, tzinfo=UTC)
    rollback = [an_event(began + MINUTE, "Tables", "DELETE_COMPLETE")] * 3
    failure = an_event(began, "RelaySource", "CREATE_FAILED", ResourceStatusReason="not authorized")
    earlier = an_event(began - HOUR, "Old", "CREATE_FAILED", ResourceStatusReason="an earlier deployment")
    with Stubber(client) as stub:
        stub.add_response("describe_stack_events", {"StackEvents": rollback, "NextToken": "2"})
        stub.add_response("describe_stack_events", {"StackEvents": [*rollback, failure, earlier], "NextToken": "3"})
        cloud = Cloud(_clients={"cloudformation": client})
        text = changeset.failures(cloud, "petitions-dev", began.timestamp())
    assert text == "stack petitions-dev was not deployed\n  RelaySource: not authorized"


class StuckClient:
    """CloudFormation, for a stack that is not complete when the waiter gives up."""

    def __init__(self, status: str) -> None:
        self._status = status

    def describe_stacks(self, **_: str) -> Any:
        return {"Stacks": [{"StackStatus": self._status}]}

    def execute_change_set(self, **_: str) -> None: ...

    def get_waiter(self, _: str) -> Self:
        return self

    def wait(self, **_: Any) -> None:
        raise WaiterError("StackCreateComplete", "Max attempts exceeded", {})

    def get_paginator(self, _: str) -> Self:
        return self

    def paginate(self, **_: str) -> list[Any]:
        return [{"StackEvents": []}]


@pytest.mark.parametrize(
    ("status", "says"),
    [
        ("CREATE_IN_PROGRESS", "AWS still works on stack petitions-dev (CREATE_IN_PROGRESS)"),
        ("ROLLBACK_COMPLETE", "stack petitions-dev was not deployed"),
        ("ROLLBACK_IN_PROGRESS", "stack petitions-dev was not deployed"),
    ],
)
def test_a_stack_that_aws_still_creates_is_not_called_failed(status: str, says: str) -> None:
    """AWS waits for hours for the DNS record of a certificate. The waiter gives up after one hour."""
    cloud = Cloud(_clients={"cloudformation": StuckClient(status)})
    with pytest.raises(Failure, match=f"^{re.escape(says)}"):
        changeset.execute(cloud, changeset.ChangeSet("change", "petitions-dev", True, []))


def an_event(at: datetime, resource: str, status: str, **more: str) -> dict[str, Any]:
    common = {"StackId": "arn", "EventId": "1", "StackName": "petitions-dev"}
    return {**common, "Timestamp": at, "LogicalResourceId": resource, "ResourceStatus": status, **more}


ARN = "arn:aws:cloudformation:eu-west-2:111122223333:changeSet/change-1/0f0e"
REASON = "The following hook(s)/validation failed: [AWS::EarlyValidation::ResourceExistenceCheck]."
EXISTS = "Resource of type 'AWS::S3::Bucket' with identifier 'exports' already exists."
CREATED = {"Id": ARN, "StackId": "arn:aws:cloudformation:eu-west-2:111122223333:stack/petitions-dev/1"}
QUERY = {"ChangeSetName": ARN, "Filters": {"FailedEvents": True}}


def stubbed() -> tuple[Cloud, Stubber]:
    """An account in which CloudFormation refuses a change set. The test adds the answer of DescribeEvents."""
    client: Any = boto3.client("cloudformation", "eu-west-2", aws_access_key_id="a", aws_secret_access_key="b")
    stub = Stubber(client)
    stub.add_response("describe_stacks", {"Stacks": [a_stack()]})
    stub.add_response("create_change_set", CREATED)
    stub.add_response("describe_change_set", {"ChangeSetId": ARN, "Status": "FAILED", "StatusReason": REASON})
    return Cloud(_clients={"cloudformation": client}), stub


def a_stack() -> dict[str, Any]:
    return {"StackName": "petitions-dev", "CreationTime": "2026-11-27T09:00:00Z", "StackStatus": "CREATE_COMPLETE"}


def failure_of(cloud: Cloud, stub: Stubber) -> str:
    """Return the text of the Failure. The change set is deleted in the end."""
    stub.add_response("delete_change_set", {})
    with stub, pytest.raises(Failure, match=f"^the change set failed: {re.escape(REASON)}") as caught:
        changeset.create(cloud, "petitions-dev", "https://s3/template", {}, ())
    stub.assert_no_pending_responses()
    return str(caught.value)


def test_a_refused_change_set_names_the_resource_and_the_reason() -> None:
    cloud, stub = stubbed()
    refused = {
        "EventType": "VALIDATION_ERROR",
        "LogicalResourceId": "ExportsBucket",
        "ResourceType": "AWS::S3::Bucket",
        "ValidationStatusReason": EXISTS,
    }
    whole_operation = {"EventType": "STACK_EVENT", "OperationStatus": "FAILED"}
    events = [{**event, "EventId": "1", "StackId": "arn"} for event in (whole_operation, refused)]
    stub.add_response("describe_events", {"OperationEvents": events}, QUERY)
    assert failure_of(cloud, stub) == f"the change set failed: {REASON}\n  AWS::S3::Bucket ExportsBucket: {EXISTS}"


def test_without_the_right_to_read_events_the_operator_sees_the_reason_and_the_missing_right() -> None:
    cloud, stub = stubbed()
    stub.add_client_error("describe_events", "AccessDenied", "not authorized", 403)
    refusal = "An error occurred (AccessDenied) when calling the DescribeEvents operation: not authorized"
    expected = f"the change set failed: {REASON}\n  AWS does not say which resource: {refusal}"
    assert failure_of(cloud, stub) == expected
