"""What all commands of `manage.py` share: tables, the activity log, and the parsing of arguments."""

import argparse
import getpass
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from chalicelib.aws import clients
from chalicelib.aws.table import Tables
from chalicelib.core import times
from chalicelib.core.settings import table_names
from chalicelib.staff.audit.record import Action, Actor, record


class InputError(Exception):
    """The engineer's input is wrong, or the command cannot be done. The text has one line for each error."""


def tables() -> Tables:
    return Tables(clients.dynamodb(), table_names())


def audit(action: str, subject: str = "", **details: str) -> None:
    """Record an action in the activity log, before it is done. The actor is the engineer's user name here."""
    actor = Actor(token_id="manage.py", owner=getpass.getuser())
    record(actor, Action(name=action, subject=subject, details=details), times.now(), tables())


def moment(text: str) -> datetime:
    """Parse a time with its zone, and return it in UTC, in whole seconds."""
    found: datetime | None = None
    with suppress(ValueError):
        found = datetime.fromisoformat(text)
    if found is None or found.tzinfo is None:
        raise argparse.ArgumentTypeError("use a time such as 2026-11-25T18:00:00Z")
    return found.astimezone(UTC).replace(microsecond=0)


def from_1_to(maximum: int) -> Callable[[str], int]:
    """Return a parser of whole numbers."""

    def number(text: str) -> int:
        if text.isdecimal() and 1 <= int(text) <= maximum:
            return int(text)
        raise argparse.ArgumentTypeError(f"use 1 to {maximum}")

    return number


def read_text(path: Path) -> str:
    """Raise InputError if the engineer's file cannot be read."""
    try:
        return path.read_text(encoding="utf-8-sig")  # Editors on Windows begin a file with a byte order mark.
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read as text: {type(error).__name__}") from None
