"""A deployment never loses data, and a failed one can be repeated."""

import json
from argparse import Namespace
from typing import Any

import pytest

from chalicelib.core import keys
from stack import changeset
from stack.aws import Cloud
from stack.changeset import TEMPLATES, prepare_bucket
from stack.console import Failure
from stack.deploy import deploy, deploy_everything, refuse_losses, stack_name, values_for_second_change_set
from stack.local.emulator import EmulatorProcess
from stack.package import Package
from stack.template.tables import table_id

pytestmark = pytest.mark.stack


def options(stage: str, *settings: str) -> Namespace:
    return Namespace(stage=stage, set=list(settings), edge_set=[])


def deletion_protections(cloud: Cloud, outputs: dict[str, str]) -> set[bool]:
    names = [outputs[f"{table_id(name)}Name"] for name in keys.TABLES]
    tables = [cloud.client("dynamodb").describe_table(TableName=name)["Table"] for name in names]
    return {each["DeletionProtectionEnabled"] for each in tables}


class WithoutMetricMath(Package):
    """The package without the alarms that only AWS accepts. Stage local leaves them out; other stages do not."""

    def read_template(self) -> dict[str, Any]:
        template = super().read_template()
        resources = template["Resources"].items()
        kept = {name: each for name, each in resources if "OnAws" not in each.get("Condition", "")}
        return {**template, "Resources": kept}


def table_names(cloud: Cloud) -> list[str]:
    names: list[str] = cloud.client("dynamodb").list_tables()["TableNames"]
    return names


def test_a_creation_that_fails_leaves_nothing(running_emulator: EmulatorProcess, local_package: Package) -> None:
    """The emulator refuses metric math, so the creation fails. Protected tables would cause ROLLBACK_FAILED on AWS."""
    cloud = Cloud(running_emulator.endpoint)
    before = table_names(cloud)
    with pytest.raises(Failure, match="metric math"):
        deploy(cloud, local_package, "failing", {}, lambda ready: True)
    failed_stack = changeset.describe(cloud, stack_name("failing"))
    assert failed_stack
    assert failed_stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert table_names(cloud) == before


def test_a_production_stage_is_protected_once_it_is_created(
    running_emulator: EmulatorProcess, local_package: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YES", "1")
    monkeypatch.setattr(
        "stack.deploy.package", lambda stage, target: WithoutMetricMath(local_package.template, local_package.archive)
    )
    cloud = Cloud(running_emulator.endpoint)
    protections: list[set[bool]] = []

    def deploy_and_record(*arguments: Any) -> dict[str, str]:
        outputs = deploy(*arguments)
        protections.append(deletion_protections(cloud, outputs))
        return outputs

    monkeypatch.setattr("stack.deploy.deploy", deploy_and_record)
    outputs = deploy_everything(cloud, options("earnest"))
    assert protections == [{False}, {True}]
    assert (outputs["IsProtected"], outputs["HasSiteUrl"]) == ("yes", "yes")
    outputs = deploy_everything(cloud, options("earnest", "LogLevel=DEBUG"))
    assert deletion_protections(cloud, outputs) == {True}
    assert len(protections) == 3
    stack = changeset.describe(cloud, stack_name("earnest"))
    assert stack
    assert stack["EnableTerminationProtection"]


@pytest.mark.parametrize(
    ("stage", "is_protected", "values"),
    [
        *((stage, "no", {}) for stage in ("local", "dev", "test")),
        ("prod", "no", {"Protect": "yes"}),
        ("prod", "yes", {}),
    ],
)
def test_only_a_production_stage_is_protected_and_only_once(
    stage: str, is_protected: str, values: dict[str, str]
) -> None:
    outputs = {"HasSiteUrl": "yes", "IsProtected": is_protected}
    assert values_for_second_change_set(stage, outputs, {"EdgeDomain": ""}) == values


def a_change_set(action: str, kind: str, replacement: str = "False") -> changeset.ChangeSet:
    change = {"Action": action, "LogicalResourceId": "Thing", "ResourceType": kind, "Replacement": replacement}
    return changeset.ChangeSet("change", "petitions-prod", False, [change])


@pytest.mark.parametrize(
    ("action", "kind", "replacement"),
    [
        ("Remove", "DynamoDB::Table", "False"),
        ("Modify", "S3::Bucket", "True"),
        ("Modify", "SQS::Queue", "Conditional"),
        ("Remove", "SecretsManager::Secret", "False"),
        ("Modify", "SecretsManager::Secret", "False"),  # Its value may be generated again.
    ],
)
def test_a_resource_with_data_is_not_removed_or_replaced_unless_lose_names_it(
    action: str, kind: str, replacement: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YES", "1")
    with pytest.raises(Failure, match="LOSE=Thing"):
        refuse_losses(a_change_set(action, f"AWS::{kind}", replacement))
    monkeypatch.setenv("LOSE", "Thing")
    refuse_losses(a_change_set(action, f"AWS::{kind}", replacement))


def test_stage_local_is_not_deployed_to_aws() -> None:
    with pytest.raises(Failure, match="stage local is for the emulator only"):
        deploy_everything(Cloud(), options("local"))


def test_resources_without_data_may_be_replaced_and_resources_with_data_may_be_changed() -> None:
    refuse_losses(a_change_set("Modify", "AWS::Lambda::Function", "True"))
    refuse_losses(a_change_set("Modify", "AWS::DynamoDB::Table"))
    refuse_losses(a_change_set("Add", "AWS::DynamoDB::Table"))


def test_the_deploy_bucket_takes_tls_only_and_keeps_every_package(running_emulator: EmulatorProcess) -> None:
    cloud = Cloud(running_emulator.endpoint)
    s3, name = cloud.client("s3"), prepare_bucket(cloud)
    [statement] = json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])["Statement"]
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert statement["Resource"] == [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]
    rules = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    expiring = [rule for rule in rules if "Expiration" in rule]
    assert {rule["Filter"]["Prefix"]: rule["Expiration"]["Days"] for rule in expiring} == {f"{TEMPLATES}/": 90}
    [other] = [rule for rule in rules if "Expiration" not in rule]
    assert other["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
