"""Deploy the package by change set, to AWS or to an emulator: it says what it will change first."""

import json
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable

from stack import changeset, emulated
from stack.aws import Cloud, one_line_errors
from stack.bucket import PACKAGES, TEMPLATES, ready_bucket, upload, url
from stack.changes import headline, losses, table
from stack.changeset import ChangeSet
from stack.console import Failure, bold, run_main, say
from stack.package import Package, package
from stack.parameters import parameters
from stack.preflight import check
from stack.target import target_of

_UNPROTECTED = ("local", "dev", "test")


def stack_name(stage: str) -> str:
    """Name of the stage's CloudFormation stack."""
    return f"petitions-{stage}"


def deploy(
    cloud: Cloud, built: Package, stage: str, values: dict[str, str], agree: Callable[[ChangeSet], bool]
) -> dict[str, str]:
    """Bring the stage's stack to the package; returns its outputs. Nothing happens unless agreed."""
    with one_line_errors():
        address = _publish(cloud, built)
        ready = changeset.create(
            cloud, stack_name(stage), address, {"Stage": stage, **values}, built.read_template()["Parameters"]
        )
        if ready:
            _settle(cloud, ready, agree)
        return _finish(cloud, built, stage, has_changed=ready is not None)


def _settle(cloud: Cloud, ready: ChangeSet, agree: Callable[[ChangeSet], bool]) -> None:
    try:
        if not agree(ready):
            raise Failure("not deployed: you said no")
    except BaseException:
        changeset.discard(cloud, ready)
        raise
    changeset.execute(cloud, ready)


def current_outputs(cloud: Cloud, stage: str) -> dict[str, str]:
    """Outputs of the stage's stack as it stands; empty when there is none."""
    described = changeset.describe(cloud, stack_name(stage))
    return changeset.outputs(described) if described else {}


def _finish(cloud: Cloud, built: Package, stage: str, has_changed: bool) -> dict[str, str]:
    outputs = current_outputs(cloud, stage)
    if cloud.is_emulated and has_changed:
        emulated.complete(cloud, built.read_template(), outputs)
    return outputs


def _publish(cloud: Cloud, built: Package) -> str:
    """Upload the zip, point every function at it, upload the template; returns its URL."""
    bucket = ready_bucket(cloud)
    key = upload(cloud, bucket, PACKAGES, built.archive.read_bytes(), ".zip")
    template = built.read_template()
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = {"Bucket": bucket, "Key": key}
    body = json.dumps(template, separators=(",", ":"), sort_keys=True).encode()
    return url(cloud, bucket, upload(cloud, bucket, TEMPLATES, body, ".json"))


def deploy_everything(cloud: Cloud, options: Namespace) -> dict[str, str]:
    """Build and deploy; a second change set sets what only a created stack can have."""
    if options.stage == "local" and not cloud.is_emulated:
        raise Failure("stage local is for the embedded AWS: its policies are looser. Choose another name")
    built = package(options.stage, target=target_of(options.stage, cloud.is_emulated))
    values = parameters(options, built.read_template()["Parameters"])
    with one_line_errors():
        check(cloud, stack_name(options.stage), built.read_template(), values)
    agree = _agreement(options.stage, options.yes)
    outputs = deploy(cloud, built, options.stage, values, agree)
    later = second_step(options.stage, outputs)
    if not later:
        return outputs
    say(f"The stack stands. A second change set sets {' and '.join(later)}.")
    return deploy(cloud, built, options.stage, {**values, **later}, agree)


def second_step(stage: str, outputs: dict[str, str]) -> dict[str, str]:
    """Parameters that a first change set cannot set: the API's own address, and protection.

    A protected table cannot be deleted, so a creation that fails would end in ROLLBACK_FAILED.
    """
    address = {} if outputs["HasSiteUrl"] == "yes" else {"SiteUrl": outputs["SiteUrlInUse"]}
    is_open = is_protected(stage) and outputs["IsProtected"] == "no"
    return {**address, **({"Protect": "yes"} if is_open else {})}


def is_protected(stage: str) -> bool:
    """Whether the stage's data is kept from deletion. The other stages are for trying out."""
    return stage not in _UNPROTECTED


def _agreement(stage: str, yes: bool) -> Callable[[ChangeSet], bool]:
    """Show, then ask. `--yes` is not enough for prod: there it takes YES=1 in the environment."""
    is_settled = os.environ.get("YES") == "1" or (yes and stage != "prod")

    def agree(ready: ChangeSet) -> bool:
        say(bold(f"{ready.stack}: {headline(ready.changes)}"))
        say(table(ready.changes))
        if is_protected(stage):
            refuse_losses(ready)
        return is_settled or _says_yes(stage)

    return agree


def refuse_losses(ready: ChangeSet) -> None:
    """Refuse a change set that takes data from a protected stage, unless LOSE names exactly what it takes."""
    lost = ",".join(losses(ready.changes))
    if lost and os.environ.get("LOSE") != lost:
        raise Failure(f"this would remove or replace what holds data: if that is meant, deploy with LOSE={lost}")


def _says_yes(stage: str) -> bool:
    if not sys.stdin.isatty():
        raise Failure("nobody to ask: YES=1 carries the change set out unasked")
    return input(f"Carry this out on {stage}? [yes/no] ").strip().lower() in ("y", "yes")


def _options() -> Namespace:
    parser = ArgumentParser(prog="make deploy", description=__doc__)
    parser.add_argument("--stage", default="dev", help="dev, prod, ... each is a stack of its own")
    parser.add_argument("--site-url", default="", help="a custom domain, e.g. https://sign.example.org")
    parser.add_argument("--mail-from", default="", help="sender of all mail, a bare address")
    parser.add_argument("--mail-identity", default="", help="domain SES should verify for this stack")
    parser.add_argument("--mail-per-second", default="", help="a little below the rate SES gives the account")
    parser.add_argument("--log-level", default="")
    parser.add_argument("--alarm-email", default="", help="who is told of every alarm")
    parser.add_argument("--set", action="append", default=[], metavar="Name=Value", help="any other parameter")
    parser.add_argument("--yes", action="store_true", help="do not ask (prod asks all the same)")
    return parser.parse_args()


def _main() -> None:
    outputs = deploy_everything(Cloud(os.environ.get("AWS_ENDPOINT_URL")), _options())
    say()
    for name, value in sorted(outputs.items()):
        say(f"  {name:<28} {value}")


if __name__ == "__main__":
    run_main(_main)
