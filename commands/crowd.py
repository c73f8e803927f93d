"""`manage.py redrive`, `mail` and `shed`: for a traffic spike (docs/runbook.md)."""

import argparse
import sys
from datetime import timedelta
from typing import Any

from chalicelib.core import times
from chalicelib.core.settings import QUEUES
from chalicelib.mail.pause import pause_mail, resume_mail
from chalicelib.shedding.level import Level, set_level, stored_level
from commands import common
from commands.common import from_1_to

MOST_MESSAGES = 10_000_000

# Not the stream's dead letters: they are ranges of the stream, and the sweep finds the mail requests of these.
REDRIVEN = {name.replace("_", "-"): name.upper() for name in (*QUEUES, "feedback")}


def shed_load(arguments: argparse.Namespace) -> None:
    if arguments.level:
        set_level(Level(arguments.level), common.tables())
    print(f"load shedding: {stored_level(common.tables())}")


def redrive(arguments: argparse.Namespace) -> None:
    """Move as many dead letters back as there are now, so that messages that fail again do not move in circles."""
    name = REDRIVEN[arguments.queue]
    dead_letters, queue = common.queue(f"{name}_DEAD_LETTER_QUEUE_URL"), common.queue(f"{name}_QUEUE_URL")
    total = min(dead_letters.depth(), arguments.most)
    moved = 0
    for size in dead_letters.move_to(queue, total):
        moved += size
        print(f"\rmoved {moved} of {total}", end="", file=sys.stderr, flush=True)
    print(f"moved {moved} of {total} back to the {arguments.queue} queue")


def pause_sending(arguments: argparse.Namespace) -> None:
    until = pause_mail(times.now(), common.tables(), timedelta(hours=arguments.hours), by_engineer=True)
    print(f"no email is sent until {times.iso(until)}; requested emails wait")


def resume_sending(arguments: argparse.Namespace) -> None:
    resume_mail(times.now(), common.tables())
    print("email is sent again within two minutes")


def add_to(subparsers: Any) -> None:
    command = subparsers.add_parser("redrive", help="move dead letters back to their queue (safe to repeat)")
    command.add_argument("queue", choices=REDRIVEN)
    command.add_argument("--most", type=from_1_to(MOST_MESSAGES), default=MOST_MESSAGES, help="move at most this many")
    command.set_defaults(run=redrive)
    mail = subparsers.add_parser("mail", help="pause or resume all email").add_subparsers(required=True)
    command = mail.add_parser("pause", help="send no email for a time; nothing is lost")
    command.add_argument("--hours", type=from_1_to(24 * 14), default=1)
    command.set_defaults(run=pause_sending)
    mail.add_parser("resume", help="send email again, e.g. after the quota was raised").set_defaults(run=resume_sending)
    command = subparsers.add_parser("shed", help="show or set the level of load shedding (docs/runbook.md)")
    command.add_argument("level", nargs="?", choices=list(Level), help="takes effect within seconds; without it: show")
    command.set_defaults(run=shed_load)
