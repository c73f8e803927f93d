"""What the operator reads: short lines, and failures as one line without a trace."""

import os
import sys
from collections.abc import Callable


class Failure(Exception):
    """Something the operator can put right; its text is the whole explanation."""


def say(line: str = "") -> None:
    """Print a line at once, also when the output goes to a file."""
    print(line, flush=True)


def paint(text: str, code: str) -> str:
    """Colour for terminals only, and never against NO_COLOR."""
    plain = "NO_COLOR" in os.environ or not sys.stdout.isatty()
    return text if plain else f"\033[{code}m{text}\033[0m"


def bold(text: str) -> str:
    """Emphasis for terminals."""
    return paint(text, "1")


def dim(text: str) -> str:
    """Secondary text for terminals."""
    return paint(text, "2")


def run_main(main: Callable[[], None]) -> None:
    """Run a command; a Failure becomes one line on stderr and exit status 1."""
    try:
        main()
    except Failure as failure:
        print(f"error: {failure}", file=sys.stderr, flush=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
