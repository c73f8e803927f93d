"""Deploy the package to AWS or to an emulator with a CloudFormation change set. `make deploy` shows the changes first.

A stage (dev, prod, …) is one copy of the whole site, with a stack of its own.
"""

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping
from typing import Any

from stack import changeset, us_east_1
from stack.aws import Cloud, endpoint_in_environment, one_line_errors
from stack.changeset import PACKAGES, ChangeSet, prepare_bucket, upload, upload_template
from stack.console import Failure, bold, run_main, say
from stack.package import Package, package, target_of
from stack.parameters import check, parameters, planned_values
from stack.paths import LOCAL_STAGE

# The parameters of the API's policy, which refuses requests without CloudFront's key (template/edge.yaml).
_POLICY_PARAMETERS = ("EdgeDomain", "EdgeOnly", "OriginKey", "OriginKeyToo")
_TRIAL_STAGES = ("local", "dev", "test")


def stack_name(stage: str) -> str:
    """Return the name of the stage's CloudFormation stack."""
    return f"petitions-{stage}"


def deploy(
    cloud: Cloud, built: Package, stage: str, values: dict[str, str], confirm: Callable[[ChangeSet], bool]
) -> dict[str, str]:
    """Deploy the package to the stage's stack and return the stack's outputs.

    `values`: the parameters to set; others keep their values. If `confirm` returns false, raise Failure and do not
    change the stack.
    """
    stack = stack_name(stage)
    declared = built.read_template()["Parameters"]
    planned = planned_values(declared, previous_values(cloud, stack), values)
    template_url = _publish(cloud, built, planned)  # The template contains some of these values (`_publish`).
    change_set = changeset.create(cloud, stack, template_url, {"Stage": stage, **values}, declared)
    if change_set:
        changeset.confirm_and_execute(cloud, change_set, confirm)
    if must_be_protected(stage):
        client = cloud.client("cloudformation")
        client.update_termination_protection(StackName=stack, EnableTerminationProtection=True)
    return current_outputs(cloud, stage)


def previous_values(cloud: Cloud, stack: str) -> dict[str, str]:
    """Return the parameters of the existing stack; empty if there is no stack."""
    return changeset.parameters(changeset.describe(cloud, stack))


def current_outputs(cloud: Cloud, stage: str) -> dict[str, str]:
    """Return the outputs of the stage's stack; empty if there is no stack."""
    return changeset.outputs(changeset.describe(cloud, stack_name(stage)))


def _publish(cloud: Cloud, built: Package, values: Mapping[str, str]) -> str:
    """Upload the zip and the template, in which every function uses this zip. Return the template's URL.

    `values`: of all parameters. `_describe_policy` needs some, so that SAM deploys the API again when they change.
    """
    bucket = prepare_bucket(cloud)
    key = upload(cloud, bucket, PACKAGES, built.archive.read_bytes(), ".zip")
    template = built.read_template()
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = {"Bucket": bucket, "Key": key}
    _describe_policy(template, values)
    return upload_template(cloud, bucket, template)


def _describe_policy(template: dict[str, Any], values: Mapping[str, str]) -> None:
    """Write the parameters that the API's policy uses into the API's description.

    SAM deploys the API again only when the text of its definition changes (template/edge.yaml). `values`: the value of
    every parameter. Without a CDN, change nothing: the policy then accepts every request.
    """
    if values["EdgeDomain"]:
        info = template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]["info"]
        info["description"] = ", ".join(f"{name} {values[name]}" for name in _POLICY_PARAMETERS)


def _require_key(cloud: Cloud, outputs: Mapping[str, str]) -> None:
    """Raise Failure unless CloudFront's key is in the API's policy. `outputs`: those of the stack.

    CloudFormation does not resolve references everywhere (docs/aws-facts.md). With the reference in place of the key,
    and EdgeOnly=yes, the API refuses every request.
    """
    policy = str(cloud.client("apigateway").get_rest_api(restApiId=outputs["RestAPIId"]).get("policy", ""))
    if "aws:Referer" not in policy or "resolve:" in policy:
        raise Failure(
            "AWS did not put the key of CloudFront into the policy of the API, so EdgeOnly=yes refuses everybody:"
            ' deploy with SET="EdgeOnly=no"'
        )


def deploy_everything(cloud: Cloud, options: Namespace) -> dict[str, str]:
    """Build the package and deploy it. Return the outputs of the stage's main stack.

    If the site uses CloudFront, deploy the stack in us-east-1 first, and again after the distribution is created. A
    second change set sets the parameters that need an existing main stack.
    """
    if options.stage == LOCAL_STAGE and not cloud.is_emulated:
        raise Failure("stage local is for the emulator only. Choose another name")
    built = package(options.stage, target=target_of(options.stage, cloud.is_emulated))
    previous = previous_values(cloud, stack_name(options.stage))
    template = built.read_template()
    chosen = parameters(os.environ, options.set, previous)
    planned = planned_values(template["Parameters"], previous, chosen)
    check(template, planned, previous, cloud.is_emulated)
    confirm = _confirmation(options.stage)
    before = current_outputs(cloud, options.stage)
    distribution_arn = before.get("EdgeArn", "")
    domain = planned["EdgeDomain"]
    with_domain = {**chosen, "EdgeDomain": domain, "AlarmEmail": planned["AlarmEmail"]}
    arns = us_east_1.deploy_in_us_east_1(cloud, options, with_domain, distribution_arn, confirm) if domain else {}
    values = {**chosen, **arns}
    refuses_others = domain != "" and planned["EdgeOnly"] == "yes" and not cloud.is_emulated
    if refuses_others and distribution_arn:  # Without a distribution, there are no visitors yet (`check`).
        _require_key(cloud, before)
    outputs = deploy(cloud, built, options.stage, values, confirm)
    second_values = values_for_second_change_set(options.stage, outputs, planned | arns)
    if second_values:
        say(f"A second change set sets {' and '.join(second_values)}.")
        outputs = deploy(cloud, built, options.stage, {**values, **second_values}, confirm)
    is_new_distribution = outputs.get("EdgeArn", "") != distribution_arn
    if domain and is_new_distribution:  # Only the alarm in us-east-1 changes. It needs an existing distribution.
        us_east_1.deploy_in_us_east_1(cloud, options, with_domain, outputs["EdgeArn"], confirm)
    if refuses_others:
        _require_key(cloud, outputs)
    return outputs


def values_for_second_change_set(stage: str, outputs: dict[str, str], planned: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters for a second change set: the site's URL and deletion protection, if they are not set yet.

    Without a domain, the site's URL is the API's own URL, which exists only after the first change set. Without a
    certificate, it is the address that CloudFront chooses. Protection is set second, because a protected table cannot
    be deleted: a failed creation would end in ROLLBACK_FAILED.
    """
    values: dict[str, str] = {}
    if outputs["HasSiteUrl"] != "yes":
        values["SiteUrl"] = outputs["SiteUrlInUse"]
    own_address = f"https://{outputs.get('EdgeAddress')}"
    if planned["EdgeDomain"] and not planned["EdgeCertificateArn"] and outputs["SiteUrlInUse"] != own_address:
        values["SiteUrl"] = own_address
    if must_be_protected(stage) and outputs["IsProtected"] == "no":
        values["Protect"] = "yes"
    return values


def must_be_protected(stage: str) -> bool:
    """Return whether the stage's data must be protected from deletion. The data of trial stages need not be."""
    return stage not in _TRIAL_STAGES


def _confirmation(stage: str) -> Callable[[ChangeSet], bool]:
    """Return a function that shows a change set and asks whether to deploy it. YES=1 skips the question."""

    def confirm(change_set: ChangeSet) -> bool:
        say(bold(f"{change_set.stack}: {change_set.headline}"))
        say(change_set.table())
        if must_be_protected(stage):
            refuse_losses(change_set)
        return os.environ.get("YES") == "1" or _says_yes(stage)

    return confirm


def refuse_losses(change_set: ChangeSet) -> None:
    """Raise Failure if the site would lose data, or might lose data, by the change set (`ChangeSet.losses`).

    The environment variable LOSE allows the loss. It must name exactly the resources with this data.
    """
    lost = ",".join(change_set.losses())
    if lost and os.environ.get("LOSE") != lost:
        raise Failure(f"this would remove or replace resources that hold data. To do it, deploy with LOSE={lost}")


def _says_yes(stage: str) -> bool:
    if not sys.stdin.isatty():
        raise Failure("cannot ask, because there is no terminal: set YES=1 to deploy without a question")
    return input(f"Deploy this to {stage}? [yes/no] ").strip().lower() in ("y", "yes")


def _main() -> None:
    parser = ArgumentParser(prog="make deploy", description=__doc__)
    parser.add_argument("--stage", default="dev", help="dev, prod, ...: each stage is a separate stack")
    for option, meaning in (("edge-set", "a parameter of the stack in us-east-1"), ("set", "any other parameter")):
        parser.add_argument(f"--{option}", action="append", default=[], metavar="Name=Value", help=meaning)
    with one_line_errors():
        outputs = deploy_everything(Cloud(endpoint_in_environment()), parser.parse_args())
    say()
    for name, value in sorted(outputs.items()):
        say(f"  {name:<28} {value}")


if __name__ == "__main__":
    run_main(_main)
