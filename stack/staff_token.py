"""`make token`: issue a staff token on the running local site or on a deployed stage."""

import json
import os
from argparse import ArgumentParser
from collections.abc import Mapping

from stack.aws import Cloud, one_line_errors
from stack.console import Failure, run_main, say
from stack.deploy import current_outputs
from stack.manage import manage
from stack.parameters import variable
from stack.paths import COMMAND_ENVIRONMENT
from stack.template.merge import settings_in


def environment_of(stage: str) -> dict[str, str]:
    """Return environment variables with which `manage.py` acts on the stage."""
    return _environment_of_local_site() if stage == "local" else _environment_on_aws(stage)


def _environment_of_local_site() -> dict[str, str]:
    if not COMMAND_ENVIRONMENT.exists():
        raise Failure("the local site is not running: start it with `make run`")
    environment: dict[str, str] = json.loads(COMMAND_ENVIRONMENT.read_text())
    return environment


def _environment_on_aws(stage: str) -> dict[str, str]:
    with one_line_errors():
        outputs = current_outputs(Cloud(), stage)
    if not outputs:
        raise Failure(f"stage {stage} is not deployed: `make deploy STAGE={stage}`")
    stage_settings = {"STAGE": stage, "SITE_URL": outputs["SiteUrlInUse"], **settings_in(outputs)}
    return {**os.environ, **stage_settings, **queue_urls(outputs)}


def queue_urls(outputs: Mapping[str, str]) -> dict[str, str]:
    """Return the URLs of all queues by the names on docs/runbook.md: MAIL_DEAD_LETTER_QUEUE_URL."""
    urls = {name: url for name, url in outputs.items() if name.endswith("QueueUrl")}
    return {variable(name): url for name, url in urls.items()}


def _main() -> None:
    parser = ArgumentParser(prog="make token", description=__doc__)
    parser.add_argument("--stage", default="local")
    parser.add_argument("--owner", default="local", help="name of the token's user")
    parser.add_argument("--rights", default="counts", help="comma-separated: counts, manage, export, people")
    options = parser.parse_args()
    environment = environment_of(options.stage)
    say(manage(environment, "token", "issue", "--owner", options.owner, "--rights", options.rights))


if __name__ == "__main__":
    run_main(_main)
