"""Shared by all commands: tables, queues, the audit log, number arguments and input errors."""

import argparse
import getpass
from collections.abc import Callable
from datetime import UTC, datetime

from chalicelib.aws import clients
from chalicelib.aws.queue import Queue
from chalicelib.aws.table import Tables
from chalicelib.core import times
from chalicelib.core.settings import required, table_names
from chalicelib.staff.audit.model import Action, Actor
from chalicelib.staff.audit.record import record


class InputError(Exception):
    """Wrong input. The text is for the engineer, one line for each error."""


def tables() -> Tables:
    return Tables(clients.dynamodb(), table_names())


def queue(setting: str) -> Queue:
    return Queue(clients.sqs(), required(setting))


def audit(action: str, subject: str = "", **details: str) -> None:
    """Record an action before it is done, as the API does. The actor is the engineer's account on their machine."""
    actor = Actor(token_id="manage.py", owner=account())
    record(actor, Action(name=action, subject=subject, details=details), times.now(), tables())


def account() -> str:
    """Return the engineer's user name."""
    return getpass.getuser()


def moment(text: str) -> datetime:
    """Parse a time with its zone."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = datetime.min
    if found.tzinfo is None:
        raise argparse.ArgumentTypeError("use a time such as 2026-11-25T18:00:00Z")
    return found.astimezone(UTC).replace(microsecond=0)


def from_1_to(most: int) -> Callable[[str], int]:
    """Return a function that parses a whole number from 1 to `most`."""

    def number(text: str) -> int:
        if not text.isdecimal() or not 1 <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"use 1 to {most}")
        return int(text)

    return number
