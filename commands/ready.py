"""`manage.py ready`: check whether the AWS account is ready for a crowd, like `make ready`, for the stage in STAGE."""

import argparse
import sys
from typing import Any

from chalicelib.core.settings import required


def check(arguments: argparse.Namespace) -> None:
    # Imported here, because stack.ready loads the template, which no other command needs.
    from stack.console import Failure
    from stack.ready.__main__ import UNKNOWN, main

    options = ["--stage", required("STAGE"), "--expect", arguments.expect, "--for", arguments.duration]
    try:
        sys.exit(main(options))
    except Failure as failure:  # For example, the stack does not exist.
        print(f"error: {failure}", file=sys.stderr)
        sys.exit(UNKNOWN)


def add_to(subparsers: Any) -> None:
    command = subparsers.add_parser("ready", help="is the account ready for a crowd? exit code 1: no, 2: cannot say")
    command.add_argument("--expect", default="1000/s", help="signatures a second: 1000/s")
    command.add_argument("--for", default="1h", dest="duration", help="for how long: 1h")
    command.set_defaults(run=check)
