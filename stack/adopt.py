"""Write the files with which CloudFormation adopts what a deleted stack has left: its data, secrets and identity.

docs/runbook.md, "The stack is gone", says when, and how to use the files.
"""

import json
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path

from stack import changeset
from stack.aws import Cloud, endpoint_in_environment, one_line_errors
from stack.console import Failure, run_main, say
from stack.deploy import stack_name
from stack.paths import ROOT
from stack.template.cfn import Template
from stack.template.merge import merge_template

# The property by which AWS finds a resource to import: `primaryIdentifier` in CloudFormation's schemas.
IDENTIFIERS = {
    "AWS::DynamoDB::Table": "TableName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SES::EmailIdentity": "EmailIdentity",
    "AWS::SQS::Queue": "QueueUrl",
    "AWS::SecretsManager::Secret": "Id",
}


def files_to_adopt(left: Mapping[str, str], old_parameters: Mapping[str, str]) -> dict[str, object]:
    """Return the contents of the files by name. `left`: the physical ids of what is left, by logical id.

    AWS refuses outputs in the template, and new resources that are not imported. The parameters are those of the
    deleted stack, without the values that AWS hides (NoEcho), and without the URL of the deleted API.
    """
    whole = merge_template()
    resources = {name: whole["Resources"][name] for name in left}
    kept = {name: value for name, value in old_parameters.items() if value != "****" and ".execute-api." not in value}
    return {
        "template": {"Parameters": whole["Parameters"], "Conditions": whole["Conditions"], "Resources": resources},
        "resources": [_import_of(name, each["Type"], left[name]) for name, each in resources.items()],
        "parameters": [
            {"ParameterKey": name, "ParameterValue": kept[name]} for name in kept if name in whole["Parameters"]
        ],
    }


def _import_of(name: str, kind: str, physical_id: str) -> Template:
    identifier = {IDENTIFIERS[kind]: physical_id}
    return {"ResourceType": kind, "LogicalResourceId": name, "ResourceIdentifier": identifier}


def last_deleted(cloud: Cloud, stack: str) -> str:
    """Return the ARN of the stack of this name that was deleted last."""
    pages = cloud.client("cloudformation").get_paginator("list_stacks").paginate(StackStatusFilter=["DELETE_COMPLETE"])
    deleted = [each for page in pages for each in page["StackSummaries"] if each["StackName"] == stack]
    if not deleted:
        raise Failure(f"AWS knows no deleted stack {stack}: it forgets them after 90 days")
    return str(max(deleted, key=lambda each: each["CreationTime"])["StackId"])


def left_by(cloud: Cloud, stack_id: str) -> dict[str, str]:
    """Return the physical ids, by logical id, of what the deletion of the stack has left: its newest events say so."""
    left = {}
    for page in cloud.client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=stack_id):
        for event in page["StackEvents"]:
            if event["ResourceStatus"] == "DELETE_SKIPPED":
                left[event["LogicalResourceId"]] = event["PhysicalResourceId"]
            elif event["PhysicalResourceId"] == stack_id and event["ResourceStatus"] == "DELETE_IN_PROGRESS":
                return left
    raise Failure(f"the events of {stack_id} do not go back to its deletion")


def write_files(cloud: Cloud, stack_id: str, folder: Path) -> None:
    old = changeset.describe(cloud, stack_id)
    files = files_to_adopt(left_by(cloud, stack_id), changeset.parameters(old or {}))
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")


def _main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--stage", required=True)
    parser.add_argument("--stack-id", default="", help="ARN of the deleted stack; by default the one deleted last")
    options, cloud, folder = parser.parse_args(), Cloud(endpoint_in_environment()), ROOT / ".local" / "adopt"
    with one_line_errors():
        write_files(cloud, options.stack_id or last_deleted(cloud, stack_name(options.stage)), folder)
    say(f"written: template.json, resources.json and parameters.json in {folder}")


if __name__ == "__main__":
    run_main(_main)
