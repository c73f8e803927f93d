"""A stack was deleted. A new stack adopts what it has left, and a deployment adds the rest."""

import json
from pathlib import Path
from typing import Any

import pytest

from chalicelib.core import keys
from stack import changeset
from stack.adopt import IDENTIFIERS, files_to_adopt, last_deleted, left_by, write_files
from stack.aws import Cloud
from stack.console import Failure
from stack.deploy import deploy, stack_name
from stack.local.emulator import EmulatorProcess
from stack.package import Package
from stack.template.merge import merge_template
from stack.template.tables import table_id
from tests.stack.test_protection import WithoutMetricMath

pytestmark = pytest.mark.stack
RETAINED = {
    name: name.lower()
    for name, each in merge_template()["Resources"].items()
    if each.get("DeletionPolicy") == "RetainExceptOnCreate"
}


def references(part: Any) -> set[str]:
    """Return the logical ids and parameters that a part of a template names."""
    if isinstance(part, list):
        return set().union(*map(references, part))
    if not isinstance(part, dict):
        return set()
    named = {part["Ref"]} if "Ref" in part else set()
    named |= {part["Fn::GetAtt"][0]} if "Fn::GetAtt" in part else set()
    return named.union(*map(references, part.values()))


def test_everything_that_is_kept_can_be_imported_by_aws_rules() -> None:
    files: Any = files_to_adopt(RETAINED, {})
    template = files["template"]
    assert {each["LogicalResourceId"] for each in files["resources"]} == set(template["Resources"]) == set(RETAINED)
    assert set(template) == {"Parameters", "Conditions", "Resources"}, "AWS refuses outputs"
    assert all("DeletionPolicy" in each for each in template["Resources"].values())
    pseudo = {"AWS::NoValue", "AWS::StackName", "AWS::Region", "AWS::AccountId"}
    assert references(template["Resources"]) <= {*template["Resources"], *template["Parameters"], *pseudo}
    assert len(json.dumps(template)) < 51_200, "the longest template that a command may contain"
    for each in files["resources"]:
        assert each["ResourceIdentifier"] == {IDENTIFIERS[each["ResourceType"]]: each["LogicalResourceId"].lower()}


def test_the_deleted_stacks_parameters_are_kept_but_not_its_api_and_what_aws_hides() -> None:
    old = {
        "MailFrom": "a@example.org",
        "SiteUrl": "https://x.execute-api.eu-west-2.amazonaws.com/site",
        "OidcClientSecret": "****",
        "Gone": "1",
    }
    files: Any = files_to_adopt({}, old)
    assert files["parameters"] == [{"ParameterKey": "MailFrom", "ParameterValue": "a@example.org"}]


def test_a_stack_that_aws_does_not_know_is_reported(running_emulator: EmulatorProcess) -> None:
    with pytest.raises(Failure, match="no deleted stack petitions-unknown"):
        last_deleted(Cloud(running_emulator.endpoint), stack_name("unknown"))


def test_a_new_stack_adopts_what_a_deleted_stack_has_left(
    running_emulator: EmulatorProcess, local_package: Package, tmp_path: Path
) -> None:
    """The emulator cannot import secrets. So only the change set has these: they are left out when it is executed."""
    cloud, stack = Cloud(running_emulator.endpoint), stack_name("gone")
    client, package = cloud.client("cloudformation"), WithoutMetricMath(local_package.template, local_package.archive)
    before = deploy(cloud, package, "gone", {}, lambda _: True)
    # The commands of docs/runbook.md.
    with pytest.raises(Exception, match="TerminationProtection is enabled"):
        client.delete_stack(StackName=stack)
    client.update_termination_protection(StackName=stack, EnableTerminationProtection=False)
    client.delete_stack(StackName=stack)
    client.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})
    stack_id = last_deleted(cloud, stack)
    assert set(left_by(cloud, stack_id)) == set(RETAINED) - {"MailSenderIdentity"}
    write_files(cloud, stack_id, tmp_path)
    template, resources, parameters = (
        json.loads((tmp_path / f"{name}.json").read_text()) for name in ("template", "resources", "parameters")
    )

    def import_into_new_stack(name: str) -> None:
        client.create_change_set(
            StackName=stack,
            ChangeSetName=name,
            ChangeSetType="IMPORT",
            TemplateBody=json.dumps(template),
            ResourcesToImport=resources,
            Parameters=parameters,
        )
        client.get_waiter("change_set_create_complete").wait(StackName=stack, ChangeSetName=name)

    import_into_new_stack("with-secrets")
    client.delete_change_set(StackName=stack, ChangeSetName="with-secrets")
    resources = [each for each in resources if each["ResourceType"] != "AWS::SecretsManager::Secret"]
    names = [each["LogicalResourceId"] for each in resources]
    template["Resources"] = {name: template["Resources"][name] for name in names}
    import_into_new_stack("adopt")
    client.execute_change_set(StackName=stack, ChangeSetName="adopt")
    client.get_waiter("stack_import_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})
    after = deploy(cloud, package, "gone", {}, lambda _: True)
    adopted = ["ExportsBucketName", "OverflowQueueUrl", *(f"{table_id(name)}Name" for name in keys.TABLES)]
    assert [after[name] for name in adopted] == [before[name] for name in adopted]
    described = changeset.describe(cloud, stack)
    assert described
    assert described["EnableTerminationProtection"]
