"""For the engineer: petitions, tallies, staff tokens, mail and load, against the tables the environment names.

On AWS take the values from the stack's outputs; `make run` sets them for you:
    AWS_DEFAULT_REGION, SIGNATURES_TABLE, COUNTS_TABLE (and AWS_ENDPOINT_URL for an emulator)
and for `redrive` the queue's own, e.g. MAIL_QUEUE_URL and MAIL_DEAD_LETTER_QUEUE_URL
"""

import argparse
import sys
import tomllib
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from chalicelib import keys, moments
from chalicelib.aws import clients
from chalicelib.aws.failures import REFUSALS
from chalicelib.aws.queue import Queue
from chalicelib.aws.table import Tables
from chalicelib.errors import ConditionFailed, Unavailable, UnknownPetition
from chalicelib.mail.pause import pause_mail, resume_mail
from chalicelib.petitions.find import petition_as_stored
from chalicelib.petitions.model import MOST_SHARDS, Petition
from chalicelib.petitions.publish import publish, raise_shards
from chalicelib.settings import required
from chalicelib.shedding.level import Level, shed, stored_level
from chalicelib.signatures.recount import Recount, recount, repair, repair_pending
from chalicelib.staff.model import Right
from chalicelib.staff.tokens import issue, revoke

# Exit codes: 0 done, 1 the input was wrong, 2 the command line was (argparse's own), 3 AWS did not answer.
WRONG_INPUT, NO_ANSWER = 1, 3
MOST_DAYS = 3650
MOST_MESSAGES = 10_000_000

# Not the stream's dead letters: they are stretches of the stream, and the sweep finds the mail that was in them.
REDRIVEN = {"mail": "MAIL", "other-mail": "OTHER_MAIL", "feedback": "FEEDBACK", "overflow": "OVERFLOW"}


class InputError(Exception):
    """What to tell whoever typed it; one line for each complaint."""


def load_petition(arguments: argparse.Namespace) -> None:
    for path in arguments.file:
        petition = publish(read_petition(path), moments.now(), _tables())
        print(f"loaded {petition.slug} ({petition.state_at(moments.now())}), text version {petition.text_version}")


def check_petition(arguments: argparse.Namespace) -> None:
    for path in arguments.file:
        print(f"{path}: {read_petition(path).slug} is fine")


def more_shards(arguments: argparse.Namespace) -> None:
    if raise_shards(arguments.slug, arguments.shards, _tables()):
        print(f"{arguments.slug} counts on {arguments.shards} shards, everywhere within seconds")
    else:
        print(f"{arguments.slug} has as many already: shards are raised, never lowered")


def prove_tally(arguments: argparse.Namespace) -> None:
    """Raise InputError when something is wrong and was not repaired, so that a script can tell."""
    petition = petition_as_stored(arguments.slug, _tables())
    found = recount(petition, moments.now, _tables())
    print("\n".join(report(found)))
    wrong = bool(found.drift or found.pending)
    if wrong and arguments.repair:
        repair_tally(found)
    elif wrong:
        raise InputError("nothing was changed: --repair writes an adjusting entry")


def report(found: Recount) -> list[str]:
    """A line for everything that is known, and for what could not be known just now."""
    lines = [f"{found.slug}: {found.confirmed} confirmed signatures in the table"]
    lines += [f"  tally is off by {off:+} in {by or 'count'} {key}" for (by, key), off in found.drift.items()]
    lines += [] if found.drift else ["  the tally agrees: count, days, hours, countries, sources"]
    lines += [f"  pending {bucket}: {each.kept} kept, {each.counted} found" for bucket, each in found.pending.items()]
    lines += [] if found.pending else ["  the pending counters agree"]
    if found.moving:
        lines.append(f"  {found.moving} moved just now: a smaller drift would not be seen, repeat when it is quiet")
    return lines


def repair_tally(found: Recount) -> None:
    if found.drift and found.moving:
        raise InputError(f"not repaired: {found.moving} moved just now, and the drift is known only within that")
    written = repair(found, moments.now(), _tables())
    if written:
        print("  adjusting entry: " + ", ".join(f"{name} {amount:+}" for name, amount in written.items()))
    if found.pending:
        print(f"  pending counters set: {repair_pending(found, _tables())} of {len(found.pending)}")


def issue_token(arguments: argparse.Namespace) -> None:
    now = moments.now()
    expires_at = now + timedelta(days=arguments.days)
    print(issue(arguments.owner, arguments.rights, now, expires_at, _tables()))
    print(f"Valid until {moments.iso(expires_at)}. It is shown this once and kept nowhere.", file=sys.stderr)


def revoke_token(arguments: argparse.Namespace) -> None:
    if not revoke(arguments.id, moments.now(), _tables()):
        raise InputError(f"there is no token {arguments.id}: its id stands between the underscores")
    print(f"revoked {arguments.id}: it opens nothing any more")


def shed_load(arguments: argparse.Namespace) -> None:
    if arguments.level:
        shed(Level(arguments.level), _tables())
    print(f"load shedding: {stored_level(_tables())}")


def redrive(arguments: argparse.Namespace) -> None:
    """Bounded by what lies there now: what fails again meanwhile is not moved in circles."""
    name = REDRIVEN[arguments.queue]
    grave, queue = _queue(f"{name}_DEAD_LETTER_QUEUE_URL"), _queue(f"{name}_QUEUE_URL")
    there = min(grave.depth(), arguments.most)
    moved = 0
    for some in grave.move_to(queue, there):
        moved += some
        print(f"\rmoved {moved} of {there}", end="", file=sys.stderr, flush=True)
    print(f"moved {moved} of {there} back to the {arguments.queue} queue")


def pause_sending(arguments: argparse.Namespace) -> None:
    until = pause_mail(moments.now(), _tables(), timedelta(hours=arguments.hours))
    print(f"no mail is sent until {moments.iso(until)}; what is wanted waits")


def resume_sending(arguments: argparse.Namespace) -> None:
    resume_mail(moments.now(), _tables())
    print("mail is sent again, within two minutes")


def read_petition(path: Path) -> Petition:
    """Raise InputError naming the file and each field."""
    try:
        return Petition.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path}: {error}") from error
    except ValidationError as error:
        lines = [f"{path}: {'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}" for e in error.errors()]
        raise InputError("\n".join(lines)) from error


def _tables() -> Tables:
    names = {keys.SIGNATURES: required("SIGNATURES_TABLE"), keys.COUNTS: required("COUNTS_TABLE")}
    return Tables(clients.dynamodb(), names)


def _queue(setting: str) -> Queue:
    return Queue(clients.sqs(), required(setting))


def _rights(text: str) -> list[Right]:
    try:
        return [Right(name.strip()) for name in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"use some of: {', '.join(Right)}") from None


def _from_1_to(most: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not text.isdecimal() or not 1 <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"use 1 to {most}")
        return int(text)

    return number


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="manage.py", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    rooms = top.add_subparsers(required=True, metavar="petition|token|shards|recount|redrive|mail|shed")
    _petition_commands(rooms)
    _token_commands(rooms)
    _tally_commands(rooms)
    _crowd_commands(rooms)
    return top


def _crowd_commands(rooms: Any) -> None:
    command = rooms.add_parser("redrive", help="move dead letters back to their queue (safe to repeat)")
    command.add_argument("queue", choices=REDRIVEN)
    command.add_argument("--most", type=_from_1_to(MOST_MESSAGES), default=MOST_MESSAGES, help="no more than these")
    command.set_defaults(run=redrive)
    mail = rooms.add_parser("mail", help="pause or resume all sending").add_subparsers(required=True)
    command = mail.add_parser("pause", help="send nothing for a time; nothing is lost")
    command.add_argument("--hours", type=_from_1_to(24 * 14), default=1)
    command.set_defaults(run=pause_sending)
    mail.add_parser("resume", help="send again, e.g. with a raised quota").set_defaults(run=resume_sending)
    command = rooms.add_parser("shed", help="show or set how much is switched off for a crowd (docs/runbook.md)")
    command.add_argument("level", nargs="?", choices=list(Level), help="in force within seconds; without it: show")
    command.set_defaults(run=shed_load)


def _tally_commands(rooms: Any) -> None:
    command = rooms.add_parser("shards", help="let a petition take more confirmations a second, while it runs")
    command.add_argument("slug")
    command.add_argument("shards", type=_from_1_to(MOST_SHARDS), help="how many; fewer than it has changes nothing")
    command.set_defaults(run=more_shards)
    command = rooms.add_parser("recount", help="prove the tally from the signatures; exit code 1 if it is wrong")
    command.add_argument("slug")
    command.add_argument("--repair", action="store_true", help="write and print an adjusting entry")
    command.set_defaults(run=prove_tally)


def _petition_commands(rooms: Any) -> None:
    petition = rooms.add_parser("petition", help="check or load a petition file").add_subparsers(required=True)
    for name, action, about in (
        ("load", load_petition, "publish it, or its new version (safe to repeat)"),
        ("check", check_petition, "say what is wrong with a file, without touching AWS"),
    ):
        command = petition.add_parser(name, help=about)
        command.add_argument("file", type=Path, nargs="+", help="a TOML file, as in .chalice/petitions")
        command.set_defaults(run=action)


def _token_commands(rooms: Any) -> None:
    token = rooms.add_parser("token", help="issue or revoke a staff token").add_subparsers(required=True)
    command = token.add_parser("revoke", help="from now on it opens nothing")
    command.add_argument("id", help="the middle part of the token: staff_<id>_...")
    command.set_defaults(run=revoke_token)
    command = token.add_parser("issue", help="print a new token, once")
    command.add_argument("--owner", required=True, help="whose it is: a person or a system")
    command.add_argument("--rights", type=_rights, default=[Right.COUNTS], help="comma-separated: counts,manage")
    command.add_argument("--days", type=_from_1_to(MOST_DAYS), default=90, help="how long it is valid (default: 90)")
    command.set_defaults(run=issue_token)


def main(words: Sequence[str] | None = None) -> int:
    arguments = parser().parse_args(words)
    try:
        arguments.run(arguments)
    except (InputError, RuntimeError) as error:  # RuntimeError: a setting the environment should name.
        return _refuse(str(error), WRONG_INPUT)
    except UnknownPetition:
        return _refuse(f"there is no petition {arguments.slug}", WRONG_INPUT)
    except ConditionFailed:
        return _refuse("somebody else did this in the same moment; repeat", NO_ANSWER)
    except Unavailable as error:
        return _refuse(f"AWS did not answer ({error.service}); repeating is safe", NO_ANSWER)
    except REFUSALS as error:
        return _refuse(f"AWS refused: {error}", NO_ANSWER)
    return 0


def _refuse(why: str, code: int) -> int:
    print(why, file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
