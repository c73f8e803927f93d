"""`make warm`: raise the capacity for the crowd of one evening. First show the price and ask.

REVERT=1 undoes the changes that can be undone.
"""

import os
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.aws.table import Tables
from chalicelib.core.errors import PetitionsError
from chalicelib.core.keys import COUNTS
from stack.aws import Cloud
from stack.console import Failure, bold, run_main, say
from stack.deploy import stack_name
from stack.ready.__main__ import crowd_parser, read_all
from stack.ready.forecast import Expected
from stack.ready.reading import DEFAULT_REGION
from stack.ready.stage import clients, describe_stack, endpoint_of
from stack.warm.act import Warming
from stack.warm.plan import CapacityChange, CapacityKind, plan

_ERRORS = (ClientError, BotoCoreError, PetitionsError)


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    endpoint = endpoint_of(options.stage)
    stack = describe_stack(stack_name(options.stage), Cloud(endpoint))
    client_for = clients(endpoint)
    tables = Tables(client_for("dynamodb", DEFAULT_REGION), {COUNTS: stack.outputs["CountsTableName"]})
    warming = Warming(client_for, tables)
    if options.revert:
        revert(warming)
        return
    values = read_all(stack, client_for, datetime.now(UTC), with_dns=False)
    changes, unchanged = plan(values, stack, Expected(rate=options.expect, seconds=options.seconds))
    warm(warming, changes, unchanged, _engineer_agrees)


def warm(
    warming: Warming, changes: Sequence[CapacityChange], unchanged: Sequence[str], agrees: Callable[[], bool]
) -> None:
    """Show the changes and their price. If `agrees` returns true, record the changes and make them.

    `unchanged`: texts that say what stays as it is, and why. Raise Failure if the changes were not all made.
    """
    for change in changes:
        undo_text = "can be undone" if change.can_be_undone else "stays: it can never be lowered"
        cost = f"${change.price:,.2f} once" if change.price else "free"
        say(f"  {change.kind:<21}{change.target:<44}{change.before:>7,} to {change.after:>7,}   {cost}; {undo_text}")
    for why in unchanged:
        say(f"  not changed: {why}")
    if not changes:
        say("Nothing to change.")
        return
    price = sum(change.price for change in changes)
    say(bold(f"In all ${price:,.2f} once. AWS's price may differ: check it (docs/evening-news.md)"))
    if not agrees():
        raise Failure("nothing was changed: you said no")
    with _failure_of_record("nothing was changed", "make warm"):
        warming.record_changes(changes)
    _act_on_each(changes, warming.make, "changed", "Run make warm again to continue, or make warm REVERT=1.")
    say("DynamoDB takes some minutes. Then run make ready. After the crowd, run make warm REVERT=1")


def revert(warming: Warming) -> None:
    """Undo the recorded changes, and say which of them cannot be undone. Raise Failure if an undo failed."""
    with _failure_of_record("nothing was undone", "make warm REVERT=1"):
        changes = warming.recorded_changes()
    if not changes:
        say("Nothing to undo: make warm has changed nothing, or its changes are undone.")
        return
    hint = "Run make warm REVERT=1 again to continue."
    # If a change cannot be undone, `undo` only removes it from the record. The loop below prints that it stays.
    _act_on_each(changes, warming.undo, "undone", hint, print_all=False)
    for change in changes:
        if not change.can_be_undone:
            # Warm throughput is paid once. A petition's shards stay too, and each count reads all of them.
            cost = "no further cost" if change.kind is CapacityKind.WARM else "a few more reads"
            say(f"  stays: {change.label}, up to {change.after:,} ({cost})")


def _act_on_each(
    changes: Sequence[CapacityChange],
    act: Callable[[CapacityChange], None],
    past_verb: str,
    hint: str,
    *,
    print_all: bool = True,
) -> None:
    """Call `act` with each change, in order, and after each call print that the change is done.

    If calls fail, make the others, then raise Failure, whose text names what failed and ends with `hint`. `past_verb`:
    the word for "done" in the texts. `print_all`: if False, print only the changes that can be undone.
    """
    failed: list[str] = []
    for change in changes:
        try:
            act(change)
        except _ERRORS as error:
            failed.append(f"{change.label} ({_reason(error)})")
            continue
        if change.can_be_undone or print_all:
            say(f"  {past_verb}: {change.label}")
    if failed:
        done = len(changes) - len(failed)
        raise Failure(f"only {done} of {len(changes)} {past_verb}; not: {', '.join(failed)}. {hint}")


@contextmanager
def _failure_of_record(outcome: str, command: str) -> Iterator[None]:
    """Turn an error of reading or storing the record of changes into a Failure that begins with `outcome`."""
    try:
        yield
    except _ERRORS as error:
        raise Failure(
            f"{outcome}: the counts table did not return or store the record of changes ({_reason(error)}). If a right"
            " is missing, ask for the rights in docs/ready-policy.json and docs/warm-policy.json."
            f" Then run {command} again"
        ) from error


def _reason(error: Exception) -> str:
    """Return AWS's text. The text of our own errors is only their class name, but AWS's error is their cause."""
    return str(error.__cause__ or error) if isinstance(error, PetitionsError) else str(error)


def _engineer_agrees() -> bool:
    if os.environ.get("YES") == "1":
        return True
    if not sys.stdin.isatty():
        raise Failure("cannot ask, because there is no terminal: set YES=1")
    answer = input("Change this? [yes/no] ")
    return answer.strip().lower() in ("y", "yes")


def _options(arguments: Sequence[str] | None) -> Namespace:
    parser = crowd_parser("make warm", __doc__)
    parser.add_argument("--revert", action="store_true", help="undo what can be undone")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    run_main(main)
