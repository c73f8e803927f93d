"""`manage.py letters`: request the letters that are missing because the stream lost the confirmation of a signature."""

import argparse
from typing import Any

from chalicelib.core import times
from chalicelib.letters.request import BEFORE_ALL_LETTERS, request_missing
from chalicelib.petitions.constituency_table import has_members
from chalicelib.petitions.find import petition_as_stored
from commands import common


def request_missing_letters(arguments: argparse.Namespace) -> None:
    petition = petition_as_stored(arguments.slug, common.tables())
    since = arguments.since or BEFORE_ALL_LETTERS
    requested = request_missing(petition.slug, times.now(), common.tables(), since)
    print(f"{petition.slug}: {requested} letters were missing and are requested")
    if requested:
        print("the sweep queues them within 75 minutes, or later if more than 100 emails wait (docs/decisions, 037)")
    is_to_members = petition.letter is not None and petition.letter.is_to_members
    if is_to_members and not has_members():
        print("letters to members of parliament are not looked for: only the deployed package has the list of members")


def add_to(subparsers: Any) -> None:
    command = subparsers.add_parser("letters", help="request letters that were lost in the stream; safe to repeat")
    command.add_argument("slug")
    help_since = "only letters of people who confirmed since this time, such as 2026-11-24T18:30:00Z"
    command.add_argument("--since", type=common.moment, help=help_since)
    command.set_defaults(run=request_missing_letters)
