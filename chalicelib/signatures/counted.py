"""Change a signature and the tally in one transaction. Only this file adds signatures to the tally or subtracts them.

The tally is spread over shards, so that many transactions can change it at once. A shard has room for a limited number
of sources (the campaign or site that a signature came through).
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from random import uniform
from time import sleep

from chalicelib.aws.table import Change, Tables
from chalicelib.core import log
from chalicelib.core.errors import ConditionFailed, Conflicted
from chalicelib.core.metrics import Metric
from chalicelib.core.sources import DIRECT
from chalicelib.petitions.model import Petition
from chalicelib.signatures.model import Signature, SignatureState
from chalicelib.tallies.count import tally_change
from chalicelib.tallies.model import OTHER, TallyEntry

ATTEMPTS = 6
# The limits of the random waits, in seconds ("full jitter": AWS Architecture Blog, "Exponential backoff").
FIRST_PAUSE, LONGEST_PAUSE = 0.02, 0.5
TALLY_INDEX = 1  # The tally's place in the transaction.


def change_and_count(
    petition: Petition,
    entry: TallyEntry,
    change_for: Callable[[TallyEntry], Change],
    tables: Tables,
    *others: Change,
) -> None:
    """Apply `change_for(entry)` and the `others`, and add the entry to a random shard of the tally: all or nothing.

    If the shard has no room for the source, `change_for` gets an entry with the source OTHER. botocore does not
    retry a TransactionConflict: try again on a random shard. Raise Conflicted after ATTEMPTS, and ConditionFailed, with
    the item, if the signature does not meet the condition of `change_for`, or another item that of the `others`.
    """
    for attempt in range(ATTEMPTS):
        try:
            tables.transact([change_for(entry), tally_change(petition.slug, petition.shards, entry), *others])
            if entry.amount and not entry.is_removal:
                log.measure(Metric.CONFIRMED if entry.amount > 0 else Metric.WITHDRAWN)
            return
        except Conflicted:
            wait_after_conflict(attempt)
        except ConditionFailed as failure:
            if failure.index != TALLY_INDEX:
                raise
            # The tally's condition failed: the shard has too many sources.
            entry = replace(entry, source=OTHER)
    raise Conflicted


def wait_after_conflict(attempt: int) -> None:
    log.measure(Metric.CONFLICT_RETRIED)
    limit = min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt)
    sleep(uniform(0, limit))


def withdraw_and_subtract(
    petition: Petition, stored: Signature, change: Change, now: datetime, tables: Tables, *others: Change
) -> None:
    """Apply the change that withdraws the signature `stored`, and the `others`, and subtract it if it counts.

    Raise ConditionFailed if the signature has changed since it was read, and Conflicted after ATTEMPTS.
    """
    if stored.state is not SignatureState.CONFIRMED:
        if others:
            return tables.transact([change, *others])
        return tables.update(change)
    counted_under = stored.counted_source or stored.source or DIRECT
    entry = TallyEntry(-1, now, stored.country or "", counted_under, by_partner=bool(stored.by_partner))
    # A shard has room for every withdrawal, so the entry keeps its source, and `change` need not know the entry.
    return change_and_count(petition, entry, lambda _entry: change, tables, *others)
