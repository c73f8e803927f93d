"""`manage.py mail` and `shed`: what an engineer needs during a traffic spike (docs/runbook.md)."""

import argparse
from datetime import timedelta
from typing import Any

from chalicelib.core import times
from chalicelib.mail.sending import pause_mail, resume_mail
from chalicelib.shedding.level import Level, set_level, stored_level
from commands import common
from commands.common import from_1_to


def set_or_show_shedding(arguments: argparse.Namespace) -> None:
    if arguments.level:
        set_level(Level(arguments.level), common.tables())
    print(f"load shedding: {stored_level(common.tables())}")


def pause_sending(arguments: argparse.Namespace) -> None:
    until = pause_mail(times.now(), timedelta(hours=arguments.hours), common.tables())
    print(f"no email is sent until {times.iso(until)}; requested emails wait")


def resume_sending(arguments: argparse.Namespace) -> None:
    resume_mail(times.now(), common.tables())
    print("email is sent again within two minutes")


def add_to(subparsers: Any) -> None:
    mail = subparsers.add_parser("mail", help="pause or resume all email").add_subparsers(required=True)
    command = mail.add_parser("pause", help="send no email for a time; nothing is lost")
    command.add_argument("--hours", type=from_1_to(24 * 14), default=1)
    command.set_defaults(run=pause_sending)
    mail.add_parser("resume", help="send email again, e.g. after the quota was raised").set_defaults(run=resume_sending)
    command = subparsers.add_parser("shed", help="show or set the level of load shedding (docs/runbook.md)")
    command.add_argument("level", nargs="?", choices=list(Level), help="takes effect within seconds; without it: show")
    command.set_defaults(run=set_or_show_shedding)
