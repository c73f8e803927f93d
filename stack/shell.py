"""`make shell`: a shell in which `python manage.py` works on the running local site, or on a deployed stage.

`make token` runs one command of manage.py there, in place of a shell.
"""

import json
import os
import subprocess
import sys
from argparse import REMAINDER, ArgumentParser
from collections.abc import Mapping
from pathlib import Path

from stack.aws import Cloud, one_line_errors
from stack.console import Failure, dim, run_main, say
from stack.deploy import current_outputs
from stack.parameters import variable
from stack.paths import COMMAND_ENVIRONMENT, ROOT
from stack.template.merge import settings_in


def environment_of(stage: str) -> dict[str, str]:
    """Return environment variables with which `manage.py` acts on the stage."""
    if stage == "local":
        if not COMMAND_ENVIRONMENT.exists():
            raise Failure("the local site is not running: start it with `make run`")
        environment: dict[str, str] = json.loads(COMMAND_ENVIRONMENT.read_text())
        return environment
    with one_line_errors():
        outputs = current_outputs(Cloud(), stage)
    if not outputs:
        raise Failure(f"stage {stage} is not deployed: `make deploy STAGE={stage}`")
    return {"STAGE": stage, "SITE_URL": outputs["SiteUrlInUse"], **settings_in(outputs), **queue_urls(outputs)}


def queue_urls(outputs: Mapping[str, str]) -> dict[str, str]:
    """Return the URLs of all queues by the names on docs/runbook.md: MAIL_DEAD_LETTER_QUEUE_URL."""
    urls = {name: url for name, url in outputs.items() if name.endswith("QueueUrl")}
    return {variable(name): url for name, url in urls.items()}


def manage(environment: Mapping[str, str], *arguments: str) -> str:
    """Run a command of `manage.py` on the stack that the environment names. Return what it prints."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        env={"PATH": os.environ.get("PATH", os.defpath), **environment},
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise Failure(f"manage.py {' '.join(arguments[:2])}: {lines[-1] if lines else 'no reason given'}")
    return done.stdout.strip()


def _main() -> None:
    parser = ArgumentParser(prog="make shell", description=__doc__)
    parser.add_argument("--stage", default="local")
    parser.add_argument("command", nargs=REMAINDER, help="of manage.py")
    options = parser.parse_args()
    # The folder of this Python comes first in PATH, so that `python` starts this Python, with the project's packages.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    environment = {**os.environ, **environment_of(options.stage), "PATH": path}
    if options.command:
        os.execve(sys.executable, [sys.executable, str(ROOT / "manage.py"), *options.command], environment)
    say(dim(f"`python manage.py --help` lists the commands. They act on {options.stage}. `exit` ends this shell."))
    shell = os.environ.get("SHELL") or "/bin/sh"
    os.execvpe(shell, [shell], environment)


if __name__ == "__main__":
    run_main(_main)
