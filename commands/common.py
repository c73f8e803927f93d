"""What every command needs: the tables the environment names, checked numbers, and how to say no."""

import argparse
import getpass
from collections.abc import Callable

from chalicelib.aws import clients
from chalicelib.aws.queue import Queue
from chalicelib.aws.table import Tables
from chalicelib.core import keys, times
from chalicelib.core.settings import required
from chalicelib.staff.audit.model import Action, Actor
from chalicelib.staff.audit.record import record


class InputError(Exception):
    """What to tell whoever typed it; one line for each complaint."""


def tables() -> Tables:
    names = {
        keys.SIGNATURES: required("SIGNATURES_TABLE"),
        keys.COUNTS: required("COUNTS_TABLE"),
        keys.AUDIT: required("AUDIT_TABLE"),
    }
    return Tables(clients.dynamodb(), names)


def queue(setting: str) -> Queue:
    return Queue(clients.sqs(), required(setting))


def audited(action: str, subject: str = "", **details: str) -> None:
    """Before it is done, as for staff at the API. The actor is the account on the engineer's machine."""
    actor = Actor(token_id="manage.py", owner=account())
    record(actor, Action(name=action, subject=subject, details=details), times.now(), tables())


def account() -> str:
    """Who is at the command line."""
    return getpass.getuser()


def from_1_to(most: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not text.isdecimal() or not 1 <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"use 1 to {most}")
        return int(text)

    return number
