"""If CloudFormation refuses a change set before it looks at the stack, the operator sees which resource, and why."""

import re
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from stack import changeset
from stack.aws import Cloud
from stack.console import Failure

ARN = "arn:aws:cloudformation:eu-west-2:111122223333:changeSet/change-1/0f0e"
REASON = "The following hook(s)/validation failed: [AWS::EarlyValidation::ResourceExistenceCheck]."
EXISTS = "Resource of type 'AWS::S3::Bucket' with identifier 'exports' already exists."
CREATED = {"Id": ARN, "StackId": "arn:aws:cloudformation:eu-west-2:111122223333:stack/petitions-dev/1"}
QUERY = {"ChangeSetName": ARN, "Filters": {"FailedEvents": True}}
pytestmark = pytest.mark.stack


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
