"""`make shell`: a shell in which `python manage.py` works on the running local site, or on a deployed stage."""

import os
import sys
from argparse import ArgumentParser
from pathlib import Path

from stack.console import dim, run_main, say
from stack.staff_token import environment_of


def _main() -> None:
    parser = ArgumentParser(prog="make shell", description=__doc__)
    parser.add_argument("--stage", default="local")
    stage = parser.parse_args().stage
    # The folder of this Python comes first in PATH, so that `python` starts this Python, with the project's packages.
    folder_of_python = str(Path(sys.executable).parent)
    path = os.pathsep.join([folder_of_python, os.environ.get("PATH", os.defpath)])
    environment = {**os.environ, **environment_of(stage), "PATH": path}
    say(dim(f"`python manage.py --help` lists the commands. They act on the stage {stage}. `exit` ends this shell."))
    shell = os.environ.get("SHELL") or "/bin/sh"
    os.execvpe(shell, [shell], environment)


if __name__ == "__main__":
    run_main(_main)
