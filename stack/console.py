"""Console output for the operator: short lines, and errors as one line without a traceback."""

import os
import sys
from collections.abc import Callable


class Failure(Exception):
    """An error that the operator can fix. The text says how to fix it, or what failed."""


def say(line: str = "") -> None:
    """Print a line and flush it, because output to a file is otherwise written late."""
    print(line, flush=True)


def paint(text: str, code: str) -> str:
    """Return the text with the ANSI style `code`, if the output is a terminal and NO_COLOR is not set."""
    is_plain = "NO_COLOR" in os.environ or not sys.stdout.isatty()
    return text if is_plain else f"\033[{code}m{text}\033[0m"


def bold(text: str) -> str:
    return paint(text, "1")


def dim(text: str) -> str:
    return paint(text, "2")


def run_main(main: Callable[[], None]) -> None:
    """Run a command. After a Failure, print one line on stderr and exit with 1. After Ctrl-C, exit with 130."""
    try:
        main()
    except Failure as failure:
        print(f"error: {failure}", file=sys.stderr, flush=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
