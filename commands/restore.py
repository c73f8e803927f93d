"""`manage.py restore`: put deleted or damaged items back into a table (docs/runbook.md, "Restore").

Point-in-time recovery makes a copy of the table, whose items go into the live table, the one that the site uses. Newer
items stay; updates that the person had stopped stay off.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from chalicelib.aws.table import Item, NewItem, Tables
from chalicelib.core import keys
from chalicelib.core.errors import ConditionFailed, UnknownPetition
from chalicelib.core.keys import Key, slug_of
from chalicelib.core.times import iso
from chalicelib.petitions.find import petition_as_stored
from chalicelib.signatures.withdraw import withdraw
from commands import common, damage
from commands.copies import Copy, copy_of, with_retries
from commands.decision import (
    RestoreDecision,
    RestoreOutcome,
    Rule,
    SinceCopy,
    decide_audit_entry,
    decide_count,
    decide_delivery,
    is_left_out,
    item_key,
)
from commands.withdrawn_since import WithdrawnSince, ids_in_file

RULES: dict[str, Rule] = {
    keys.AUDIT: decide_audit_entry,
    keys.COUNTS: decide_count,
    keys.DELIVERIES: decide_delivery,
    keys.SIGNATURES: damage.decide_signature,
}
Outcomes = Counter[RestoreOutcome]
# UNSUBSCRIBED and NEWER_WITHOUT_UPDATES also write, but they change no count.
OUTCOMES_CHANGING_COUNTS = (RestoreOutcome.PUT_BACK, RestoreOutcome.REPAIRED, RestoreOutcome.WITHDRAWN)


class RestoredItem(NamedTuple):
    item: Item
    outcome: RestoreOutcome


def restore(arguments: argparse.Namespace) -> None:
    """A repeat leaves restored items, but withdraws those in --leave-out, and stops updates (--unsubscribed)."""
    copy = copy_of(arguments.table, arguments.at)
    if arguments.finish:
        _delete_copy(copy, arguments.table)
    else:
        _put_back(copy, arguments)


def _put_back(copy: Copy, arguments: argparse.Namespace) -> None:
    withdrawn = WithdrawnSince(copy.moment, ids_in_file(arguments.leave_out), ids_in_file(arguments.unsubscribed))
    if with_retries(copy.status) is None:
        common.audit("table.copied", arguments.table, at=iso(copy.moment), copy=copy.name)
        with_retries(copy.begin)
    copy.wait(_show_progress)
    if not arguments.dry_run:
        common.audit("table.restored", arguments.table, at=iso(copy.moment))
    items = restore_items(copy.pages(), common.tables(), arguments.table, withdrawn.read, write=not arguments.dry_run)
    counted, slugs_to_recount = _restore_and_count(items, arguments)
    note = ": dry run, nothing is written" if arguments.dry_run else ""
    print(f"{arguments.table} as of {iso(copy.moment)}{note}")
    lines = [f"{counted[outcome]:>11,} {outcome}" for outcome in RestoreOutcome if counted[outcome]]
    print("\n".join(lines))
    _print_next_steps(arguments, copy, slugs_to_recount)


def restore_items(
    pages: Iterable[Sequence[Item]], live: Tables, table: str, read_withdrawn: Callable[[], SinceCopy], *, write: bool
) -> Iterator[RestoredItem]:
    """Restore the items of the copy's pages, one page at a time. Yield each item with its outcome.

    `table`: of `live`. `read_withdrawn`: called before each page, because people may withdraw now. `write`: False for a
    dry run.
    """
    for page in pages:
        since_copy = with_retries(read_withdrawn)
        page_keys = [item_key(table, item) for item in page if not is_left_out(table, item)]
        live_items = with_retries(partial(live.batch_get, page_keys, consistent=True)) if page_keys else []
        live_by_key = {item_key(table, item): item for item in live_items}
        for copied in page:
            key = item_key(table, copied)
            decision = RULES[table](copied, live_by_key.get(key), since_copy)
            outcome = _carry_out(decision, key, since_copy.now, live) if write else decision.outcome
            yield RestoredItem(copied, outcome)


def _withdraw(key: Key, now: datetime, live: Tables) -> None:
    """Withdraw as the link in an email does, so that the tally subtracts it. Idempotent."""
    try:
        withdraw(key, petition_as_stored(slug_of(key.pk), live), now, live)
    except UnknownPetition:
        raise common.InputError(f"there is no petition {slug_of(key.pk)}: restore counts first") from None


def _carry_out(decision: RestoreDecision, key: Key, now: datetime, live: Tables) -> RestoreOutcome:
    """Return the decision's outcome, or NEWER if the item changed meanwhile."""
    if decision.outcome is RestoreOutcome.WITHDRAWN:
        with_retries(partial(_withdraw, key, now, live))
    write = decision.write
    if write is None:
        return decision.outcome
    if isinstance(write, NewItem):
        call, values = partial(live.put_new, write), write.item
    else:
        call, values = partial(live.update, write), write.assign
    try:
        with_retries(call)
    except ConditionFailed as failure:
        stored = failure.item or {}
        # After a lost response the client repeats the write, which then fails.
        is_ours = all(stored.get(name) == value for name, value in values.items())
        return decision.outcome if is_ours else RestoreOutcome.NEWER
    return decision.outcome


def _delete_copy(copy: Copy, table: str) -> None:
    common.audit("copy.deleted", table, copy=copy.name)
    was_deleted = with_retries(copy.delete)
    print(f"deleted {copy.name}" if was_deleted else f"there is no {copy.name}")


def _restore_and_count(items: Iterable[RestoredItem], arguments: argparse.Namespace) -> tuple[Outcomes, set[str]]:
    """Return numbers by outcome, and slugs to recount. Print the ids of GONE items, with --list of all but SAME."""
    counted: Outcomes = Counter()
    slugs_to_recount: set[str] = set()
    for item, outcome in items:
        counted[outcome] += 1
        if outcome in OUTCOMES_CHANGING_COUNTS:
            slugs_to_recount |= _slugs_to_recount(arguments.table, item["pk"])
        # An engineer must check GONE (damage.py says why).
        is_listed = arguments.list and outcome is not RestoreOutcome.SAME
        if is_listed or outcome is RestoreOutcome.GONE:
            print(f"{outcome}\t{item['pk']}\t{item['sk']}")
        if counted.total() % 1000 == 0:
            changing_counts = sum(counted[each] for each in OUTCOMES_CHANGING_COUNTS)
            _show_progress(f"{counted.total():,} looked at, {changing_counts:,} put back, repaired or withdrawn")
    print(file=sys.stderr)
    return counted, slugs_to_recount


def _slugs_to_recount(table: str, pk: str) -> set[str]:
    if table == keys.SIGNATURES:
        return {slug_of(pk)}
    kind, *rest = pk.split("#")
    if table == keys.COUNTS and kind in ("TALLY", "PENDING"):
        return {rest[0]}
    return set()


def _print_next_steps(arguments: argparse.Namespace, copy: Copy, slugs_to_recount: set[str]) -> None:
    if slugs_to_recount and not arguments.dry_run:
        if arguments.table == keys.SIGNATURES:
            print("People may have withdrawn by a link while their signature was missing. In ten minutes, when the log")
            print("of function Links is complete, query it and run this command again with the ids (runbook, step 6).")
        print("Wait some minutes for the stream, then check the counts:")
        for slug in sorted(slugs_to_recount):
            print(f"  manage.py recount {slug}")
    print(f"{copy.name} does not expire by itself and may hold names and addresses. When you no longer need it:")
    print(f"  manage.py restore {arguments.table} --at {iso(copy.moment)} --finish")


def _show_progress(line: str) -> None:
    print(f"\r{line}   ", end="", file=sys.stderr, flush=True)


def add_to(subparsers: Any) -> None:
    command = subparsers.add_parser("restore", help="put deleted or damaged items back from point-in-time recovery")
    command.add_argument("table", choices=sorted(RULES))
    command.add_argument("--at", type=common.moment, required=True, help="the last good second (UTC)")
    command.add_argument("--dry-run", action="store_true", help="make the copy, and only say what would be written")
    command.add_argument("--list", action="store_true", help="print the ids of all items except the unchanged ones")
    command.add_argument("--leave-out", type=Path, help="a file of signature ids that must not come back")
    command.add_argument("--unsubscribed", type=Path, help="a file of signature ids that get no more email updates")
    command.add_argument("--finish", action="store_true", help="delete the copy")
    command.set_defaults(run=restore)
