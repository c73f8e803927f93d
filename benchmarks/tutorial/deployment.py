"""Deploy both applications on one emulator. Theirs is one file in our package: the same libraries and Python."""

import json
from dataclasses import dataclass
from pathlib import Path

from stack import changeset
from stack.attach import STAGE, Deployed, deploy_to_emulator
from stack.aws import Cloud, one_line_errors
from stack.bucket import PACKAGES, prepare_bucket, upload, upload_template
from stack.manage import load_petitions
from stack.package import LOCAL_STAGE, package, target_of, with_bytecode, write_zip
from stack.paths import LOCAL

HERE = Path(__file__).parent
TEMPLATE, APPLICATION = HERE / "template.json", HERE / "application.py"
STACK = "petitions-tutorial"
# How many copies of functions run at once: one for each thread of the race, and some of our workers.
FUNCTIONS = 48
SLUG = "support-trafficked-children"


@dataclass(frozen=True)
class Both:
    """Our stack, and the URL of the tutorial's API, which includes API Gateway's stage."""

    ours: Deployed
    theirs: str


def deploy_both(endpoint: str) -> Both:
    ours = deploy_to_emulator(endpoint)
    load_petitions(ours)
    with one_line_errors():
        return Both(ours, _deploy_tutorial(Cloud(endpoint)))


def _deploy_tutorial(cloud: Cloud) -> str:
    template = json.loads(TEMPLATE.read_text(encoding="utf-8"))
    bucket = prepare_bucket(cloud)
    package_key = upload(cloud, bucket, PACKAGES, _archive().read_bytes(), ".zip")
    template["Resources"]["Application"]["Properties"]["CodeUri"] = {"Bucket": bucket, "Key": package_key}
    change_set = changeset.create(cloud, STACK, upload_template(cloud, bucket, template), {}, ())
    if change_set:
        changeset.execute(cloud, change_set)
    api_id = changeset.outputs(changeset.describe(cloud, STACK))["Api"]
    return f"{cloud.endpoint}/_aws/execute-api/{api_id}/Prod"


def _archive() -> Path:
    target = LOCAL / "build" / "tutorial.zip"
    source = [(APPLICATION.name, APPLICATION.read_bytes())]
    files = with_bytecode(source, target_of(LOCAL_STAGE))
    write_zip(target, files, base=package(STAGE).archive)
    return target
