"""For the engineer: petitions, their shards and recounts, and staff tokens, against the tables the environment names.

On AWS take the values from the stack's outputs; `make run` sets them for you:
    AWS_DEFAULT_REGION, SIGNATURES_TABLE, COUNTS_TABLE (and AWS_ENDPOINT_URL for an emulator)
"""

import argparse
import sys
import tomllib
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from pydantic import ValidationError

from chalicelib import keys, moments
from chalicelib.aws import clients
from chalicelib.aws.failures import REFUSALS
from chalicelib.aws.table import Tables
from chalicelib.errors import ConditionFailed, Unavailable, UnknownPetition
from chalicelib.petitions.find import petition_as_stored
from chalicelib.petitions.model import MOST_SHARDS, Petition
from chalicelib.petitions.publish import publish, raise_shards
from chalicelib.settings import required
from chalicelib.signatures.recount import Recount, recount, repair, repair_pending
from chalicelib.staff.model import Right
from chalicelib.staff.tokens import issue, revoke

# Exit codes: 0 done, 1 the input was wrong, 2 the command line was (argparse's own), 3 AWS did not answer.
WRONG_INPUT, NO_ANSWER = 1, 3
MOST_DAYS = 3650


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


def _rights(text: str) -> list[Right]:
    try:
        return [Right(name.strip()) for name in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"use some of: {', '.join(Right)}") from None


def _shards(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_SHARDS:
        raise argparse.ArgumentTypeError(f"use 1 to {MOST_SHARDS}")
    return int(text)


def _days(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_DAYS:
        raise argparse.ArgumentTypeError(f"use 1 to {MOST_DAYS}")
    return int(text)


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="manage.py", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    rooms = top.add_subparsers(required=True, metavar="petition|shards|recount|token")
    command = rooms.add_parser("shards", help="let a petition take more confirmations a second, while it runs")
    command.add_argument("slug")
    command.add_argument("shards", type=_shards, help="how many; fewer than it has changes nothing")
    command.set_defaults(run=more_shards)
    command = rooms.add_parser("recount", help="prove the tally from the signatures; exit code 1 if it is wrong")
    command.add_argument("slug")
    command.add_argument("--repair", action="store_true", help="write and print an adjusting entry")
    command.set_defaults(run=prove_tally)
    petition = rooms.add_parser("petition", help="check or load a petition file").add_subparsers(required=True)
    for name, action, about in (
        ("load", load_petition, "publish it, or its new version (safe to repeat)"),
        ("check", check_petition, "say what is wrong with a file, without touching AWS"),
    ):
        command = petition.add_parser(name, help=about)
        command.add_argument("file", type=Path, nargs="+", help="a TOML file, as in .chalice/petitions")
        command.set_defaults(run=action)
    token = rooms.add_parser("token", help="issue or revoke a staff token").add_subparsers(required=True)
    command = token.add_parser("revoke", help="from now on it opens nothing")
    command.add_argument("id", help="the middle part of the token: staff_<id>_...")
    command.set_defaults(run=revoke_token)
    command = token.add_parser("issue", help="print a new token, once")
    command.add_argument("--owner", required=True, help="whose it is: a person or a system")
    command.add_argument("--rights", type=_rights, default=[Right.COUNTS], help="comma-separated: counts,manage")
    command.add_argument("--days", type=_days, default=90, help="how long it is valid (default: 90)")
    command.set_defaults(run=issue_token)
    return top


def main(words: Sequence[str] | None = None) -> int:
    arguments = parser().parse_args(words)
    try:
        arguments.run(arguments)
    except InputError as error:
        print(error, file=sys.stderr)
        return WRONG_INPUT
    except UnknownPetition:
        print(f"there is no petition {arguments.slug}", file=sys.stderr)
        return WRONG_INPUT
    except ConditionFailed:
        print("somebody else did this in the same moment; repeat", file=sys.stderr)
        return NO_ANSWER
    except Unavailable as error:
        print(
            f"AWS did not answer ({error.service}); nothing may have changed, repeating is safe",
            file=sys.stderr,
        )
        return NO_ANSWER
    except REFUSALS as error:
        print(f"AWS refused: {error}", file=sys.stderr)
        return NO_ANSWER
    except RuntimeError as error:  # A setting the environment should name.
        print(error, file=sys.stderr)
        return WRONG_INPUT
    return 0


if __name__ == "__main__":
    sys.exit(main())
