"""Deploying: a repeat changes nothing, secrets are kept, errors are one line and say why."""

import json
import re
from typing import Any
from unittest.mock import Mock

import pytest
from botocore.exceptions import WaiterError
from botocore.stub import ANY, Stubber

from stack import changeset
from stack.aws import Cloud, endpoint_in_environment, one_line_errors
from stack.console import Failure
from stack.deploy import deploy, stack_name
from stack.local.emulator import EmulatorProcess
from stack.package import Package
from tests.aws.stubbed import a_client, stubbed

pytestmark = pytest.mark.stack

CHANGE_SET = "arn:aws:cloudformation:eu-west-2:111122223333:changeSet/change-1/0f0e"
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
    return {"Action": action, "LogicalResourceId": name, "ResourceType": "AWS::T", "Replacement": replacement}


def test_a_change_set_is_printed_as_a_table_with_losses_first() -> None:
    changes = [change("Add", "Queue"), change("Modify", "Table", "True"), change("Remove", "Topic")]
    change_set = changeset.ChangeSet("change", "petitions-dev", False, changes)
    assert change_set.table().splitlines() == [
        f"  REMOVE            Topic {' ' * 31}AWS::T",
        f"  REPLACE           Table {' ' * 31}AWS::T",
        f"  add               Queue {' ' * 31}AWS::T",
    ]
    assert change_set.headline == "1 to add, 1 to REPLACE, 1 to REMOVE"


def test_missing_credentials_are_a_one_line_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.session.Session.get_credentials", lambda _: None)
    with pytest.raises(Failure, match=r"^AWS: Unable to locate credentials$"), one_line_errors():
        Cloud(region="eu-west-2").client("sts").get_caller_identity()


@pytest.mark.parametrize(("value", "endpoint"), [("http://127.0.0.1:4566", "http://127.0.0.1:4566"), ("", None)])
def test_an_empty_endpoint_url_means_aws(monkeypatch: pytest.MonkeyPatch, value: str, endpoint: str | None) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", value)
    assert endpoint_in_environment() == endpoint


def test_the_reason_of_a_failure_is_found_behind_a_long_rollback() -> None:
    """AWS returns the events by pages, newest first."""
    rollback = [an_event("Tables", "DELETE_COMPLETE")] * 3
    failure = an_event("RelaySource", "CREATE_FAILED", ResourceStatusReason="not authorized")
    start = an_event("petitions-dev", "UPDATE_IN_PROGRESS", PhysicalResourceId="arn")
    earlier = an_event("Old", "CREATE_FAILED", ResourceStatusReason="an earlier deployment")
    with stubbed("cloudformation") as stub:
        stub.add_response("describe_stack_events", {"StackEvents": rollback, "NextToken": "2"})
        stub.add_response("describe_stack_events", {"StackEvents": [*rollback, failure, start, earlier]})
        text = changeset.failures(Cloud(_clients={"cloudformation": stub.client}), "petitions-dev")
    assert text == "stack petitions-dev was not deployed\n  RelaySource: not authorized"


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
    client = Mock()
    client.describe_stacks.return_value = {"Stacks": [{"StackStatus": status}]}
    client.get_waiter().wait.side_effect = WaiterError("StackCreateComplete", "Max attempts exceeded", {})
    client.get_paginator().paginate.return_value = [{"StackEvents": []}]
    cloud = Cloud(_clients={"cloudformation": client})
    with pytest.raises(Failure, match=f"^{re.escape(says)}"):
        changeset.execute(cloud, changeset.ChangeSet("change", "petitions-dev", True, []))


def an_event(resource: str, status: str, **more: str) -> dict[str, Any]:
    common = {"StackId": "arn", "EventId": "1", "StackName": "petitions-dev", "Timestamp": "2026-11-24T18:30:00Z"}
    return {**common, "LogicalResourceId": resource, "ResourceStatus": status, **more}


def stubbed_cloud() -> tuple[Cloud, Stubber]:
    """CloudFormation, which knows a stack with two parameters and takes a change set that keeps one of them."""
    client = a_client("cloudformation")
    stub = Stubber(client)
    stack = {"StackName": "petitions-dev", "CreationTime": "2026-11-27T09:00:00Z", "StackStatus": "CREATE_COMPLETE"}
    old = [{"ParameterKey": name, "ParameterValue": "1"} for name in ("Old", "Kept")]
    stub.add_response("describe_stacks", {"Stacks": [{**stack, "Parameters": old}]})
    others = dict.fromkeys(("StackName", "ChangeSetName", "ChangeSetType", "TemplateURL", "Capabilities"), ANY)
    kept = {"Parameters": [{"ParameterKey": "Kept", "UsePreviousValue": True}]}
    stub.add_response("create_change_set", {"Id": CHANGE_SET}, {**others, **kept})
    return Cloud(_clients={"cloudformation": client}), stub


def test_a_parameter_removed_from_the_template_does_not_stop_a_deployment() -> None:
    """AWS would refuse it: "Parameters: [Old] do not exist in the template"."""
    cloud, stub = stubbed_cloud()
    for _ in range(2):  # Once to wait for it, and once to read it.
        stub.add_response("describe_change_set", {"Status": "CREATE_COMPLETE", "Changes": []})
    with stub:
        assert changeset.create(cloud, "petitions-dev", "https://s3/template", {}, ["Kept"])


def test_a_refused_change_set_is_kept_and_the_command_that_names_the_resource_is_printed() -> None:
    """The reason names only the check ("early validation")."""
    cloud, stub = stubbed_cloud()
    reason = "The following hook(s)/validation failed: [AWS::EarlyValidation::ResourceExistenceCheck]."
    refusal = {"ChangeSetId": CHANGE_SET, "Status": "FAILED", "StatusReason": reason}
    stub.add_response("describe_change_set", refusal)
    with stub, pytest.raises(Failure) as caught:
        changeset.create(cloud, "petitions-dev", "https://s3/template", {}, ["Kept"])
    command = f"aws cloudformation describe-events --filters FailedEvents=true --change-set-name {CHANGE_SET}"
    assert str(caught.value) == f"the change set failed: {reason}\n{command}"
