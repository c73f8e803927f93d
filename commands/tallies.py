"""`manage.py shards` and `manage.py recount`: raise a tally's number of shards, and check a tally.

A recount compares the tally with the signatures: the differences are the drift. It also checks the counters of pending
signatures, one for each bucket, which ProjectSignatures updates from the stream.
"""

import argparse
from typing import Any

from chalicelib.core import times
from chalicelib.petitions.edit import raise_shards
from chalicelib.petitions.find import petition_as_stored
from chalicelib.petitions.model import MAX_SHARDS, Petition
from chalicelib.projections.recount import Recount, recount, repair, repair_pending
from chalicelib.tallies.prove import reopen
from commands import common
from commands.common import from_1_to

STILL_WRONG = "a number is still wrong: run it again when fewer people are signing"
DRIFT_LEFT = "the tally was not changed: use --repair to correct it"
# While the stream is behind, the counters look wrong. If they were repaired, the stream would then count twice.
PENDING_LEFT = (
    "the pending counters were not changed. Perhaps ProjectSignatures is only behind: check this as docs/runbook.md"
    ' says under "Pending counters". If it is not behind, use --repair-pending'
)


def raise_number_of_shards(arguments: argparse.Namespace) -> None:
    if raise_shards(arguments.slug, arguments.shards, common.tables()):
        print(f"{arguments.slug} has {arguments.shards} shards; all functions use them within seconds")
    else:
        print(f"{arguments.slug} already has at least as many shards; shards are never lowered")


def check_tally(arguments: argparse.Namespace) -> None:
    """Recount, and repair what the arguments say. If a number is still wrong, raise InputError: exit code 1."""
    petition = petition_as_stored(arguments.slug, common.tables())
    found = _recount_and_print(petition)
    repairs_tally = arguments.repair and bool(found.drift)
    repairs_pending = arguments.repair_pending and bool(found.wrong_pending)
    if repairs_tally:
        repair_tally(petition, found)
    if repairs_pending:
        corrected = repair_pending(found, common.tables())
        print(f"  pending counters set: {corrected} of {len(found.wrong_pending)}")
    if repairs_tally or repairs_pending:
        found = _recount_and_print(petition)
    if found.drift:
        raise common.InputError(STILL_WRONG if repairs_tally else DRIFT_LEFT)
    if found.wrong_pending:
        raise common.InputError(STILL_WRONG if repairs_pending else PENDING_LEFT)


def _recount_and_print(petition: Petition) -> Recount:
    found = recount(petition, times.now, common.tables())
    print("\n".join(report(found)))
    return found


def report(found: Recount) -> list[str]:
    lines = [f"{found.slug}: {found.confirmed} confirmed signatures in the table"]
    # For the count, `by` is empty and `key` is "all".
    for (by, key), off in found.drift.items():
        dimension = by or "count"
        lines.append(f"  tally is off by {off:+} in {dimension} {key}")
    if not found.drift:
        lines.append("  the tally agrees: count, days, hours, countries, sources")
    lines += [
        f"  pending {bucket}: {each.stored} stored, {each.actual} found" for bucket, each in found.wrong_pending.items()
    ]
    if not found.wrong_pending:
        lines.append("  the pending counters agree")
    if found.moving:
        lines.append(
            f"  signatures that changed just now: {found.moving}. They may hide a drift up to this number."
            " Run it again when fewer people are signing"
        )
    return lines


def repair_tally(petition: Petition, found: Recount) -> None:
    """Raise InputError if signatures have just changed: then the drift is not known exactly."""
    _refuse_while_moving(found)
    # A day that was closed by mistake is not read, and the repair writes into today's shards.
    if reopened_days := reopen(petition.slug, times.now(), common.tables()):
        days = ", ".join(str(day) for day in reopened_days)
        print(f"  reopened, because they were closed before they were over: {days}")
        found = _recount_and_print(petition)
        _refuse_while_moving(found)
    written = repair(found, times.now(), common.tables())
    if written:
        changes = [f"{name} {amount:+}" for name, amount in written.items()]
        print(f"  adjusting entry: {', '.join(changes)}")


def _refuse_while_moving(found: Recount) -> None:
    if found.drift and found.moving:
        raise common.InputError(
            f"not repaired: signatures changed just now ({found.moving}), so the drift is not known exactly"
        )


def add_to(subparsers: Any) -> None:
    command = subparsers.add_parser("shards", help="let an open petition accept more confirmations a second")
    command.add_argument("slug")
    command.add_argument("shards", type=from_1_to(MAX_SHARDS), help="how many; a lower number changes nothing")
    command.set_defaults(run=raise_number_of_shards)
    command = subparsers.add_parser("recount", help="check a tally against the signatures; exit code 1 if wrong")
    command.add_argument("slug")
    command.add_argument("--repair", action="store_true", help="correct the tally, and print what changed")
    pending_help = "correct the counters of pending signatures. Only while ProjectSignatures is not behind"
    command.add_argument("--repair-pending", action="store_true", help=pending_help)
    command.set_defaults(run=check_tally)
