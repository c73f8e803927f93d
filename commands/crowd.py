"""`manage.py redrive`, `mail` and `shed`: what an engineer needs during a traffic spike (docs/runbook.md).

Load shedding: each level switches off more of the site, so that it can still accept signatures.
"""

import argparse
import json
import sys
from contextlib import suppress
from datetime import timedelta
from typing import Any

from chalicelib.aws import clients
from chalicelib.aws.failures import translate_errors
from chalicelib.core import times
from chalicelib.core.errors import Unavailable
from chalicelib.core.settings import queue_variable, required
from chalicelib.exports.subscribers.request import OptInList
from chalicelib.mail.model import Priority
from chalicelib.mail.sending import pause_mail, resume_mail
from chalicelib.mail.signature_kinds import SIGNATURE_KINDS
from chalicelib.partners.imports.model import Import
from chalicelib.shedding.level import Level, set_level, stored_level
from commands import common
from commands.common import from_1_to

MAX_MESSAGES = 10_000_000
# The dead-letter queues whose messages can be moved back, and the queues that their messages came from. The stream's
# dead letters cannot be moved back: each only names a range of the stream. The sweep, a scheduled function, finds the
# mail requests in this range.
SOURCES = {
    "mail": ("mail", "other_mail"),
    "overflow": ("overflow",),
    "feedback": ("feedback",),
    "jobs": ("jobs", "address_jobs"),
}
# The kinds of messages of the queues `mail` and `address_jobs`.
URGENT = {name for name, kind in SIGNATURE_KINDS.items() if kind.priority is Priority.URGENT}
ADDRESS_JOBS = {Import.kind, OptInList.kind}


def set_or_show_shedding(arguments: argparse.Namespace) -> None:
    if arguments.level:
        set_level(Level(arguments.level), common.tables())
    print(f"load shedding: {stored_level(common.tables())}")


def redrive(arguments: argparse.Namespace) -> None:
    """Move the dead letters back to their queues, but not more than there are now.

    Without this limit, a message that always fails would be moved again and again.
    """
    dead_letters = common.queue(f"{arguments.queue.upper()}_DEAD_LETTER_QUEUE_URL")
    queues = {name: common.queue(queue_variable(name)) for name in SOURCES[arguments.queue]}
    total = min(dead_letters.depth(), arguments.most)
    moved = 0
    for size in dead_letters.move(lambda body: queues[source_of(arguments.queue, body)], total):
        moved += size
        print(f"\rmoved {moved} of {total}", end="", file=sys.stderr, flush=True)
    print(f"moved {moved} of {total} back from the dead letters of {arguments.queue}")


def source_of(dead_letters: str, body: str) -> str:
    """Return the name of the queue that a dead letter came from. Of two queues, the kind in the message says which.

    A message that cannot be read goes to one of the two, where it fails again.
    """
    kind = ""
    with suppress(ValueError, TypeError, KeyError):
        kind = str(json.loads(body)["kind"])
    if dead_letters == "mail":
        return "mail" if kind in URGENT else "other_mail"
    if dead_letters == "jobs":
        return "address_jobs" if kind in ADDRESS_JOBS else "jobs"
    return dead_letters


def pause_sending(arguments: argparse.Namespace) -> None:
    until = pause_mail(times.now(), timedelta(hours=arguments.hours), common.tables())
    print(f"no email is sent until {times.iso(until)}; requested emails wait")


def resume_sending(arguments: argparse.Namespace) -> None:
    resume_mail(times.now(), common.tables())
    is_watching = watch_now()
    print(f"email is sent again within {'half a minute' if is_watching else 'two minutes'}")


def watch_now() -> bool:
    """Switch the senders on now. The schedule of this task runs it only once a minute.

    Return whether AWS has accepted the run.
    """
    event = json.dumps({"task": "watch"}).encode()
    try:
        name = required("WATCH_FUNCTION")
        with translate_errors("function"):
            clients.lambdas().invoke(FunctionName=name, InvocationType="Event", Payload=event)
    except (Unavailable, RuntimeError) as error:  # RuntimeError: the variable is not set.
        print(f"the senders are switched on by the schedule: {error}", file=sys.stderr)
        return False
    return True


def add_to(subparsers: Any) -> None:
    command = subparsers.add_parser("redrive", help="move dead letters back to their queues (safe to repeat)")
    command.add_argument("queue", choices=SOURCES)
    command.add_argument("--most", type=from_1_to(MAX_MESSAGES), default=MAX_MESSAGES, help="move at most this many")
    command.set_defaults(run=redrive)
    mail = subparsers.add_parser("mail", help="pause or resume all email").add_subparsers(required=True)
    command = mail.add_parser("pause", help="send no email for a time; nothing is lost")
    command.add_argument("--hours", type=from_1_to(24 * 14), default=1)
    command.set_defaults(run=pause_sending)
    mail.add_parser("resume", help="send email again, e.g. after the quota was raised").set_defaults(run=resume_sending)
    command = subparsers.add_parser("shed", help="show or set the level of load shedding (docs/runbook.md)")
    command.add_argument("level", nargs="?", choices=list(Level), help="takes effect within seconds; without it: show")
    command.set_defaults(run=set_or_show_shedding)
