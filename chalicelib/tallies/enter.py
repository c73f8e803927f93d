"""Start the tally of a petition, and change it in the transaction that confirms or withdraws a signature."""

from dataclasses import replace
from datetime import datetime, timedelta
from random import randrange

from chalicelib.aws.table import Change, Tables
from chalicelib.tallies import snapshots, store
from chalicelib.tallies.model import OTHER, TallyEntry


def open_tally(slug: str, shards: int, now: datetime, tables: Tables) -> None:
    """Open the tally with this number of shards. Idempotent: if the tally exists, this can only add shards."""
    day_before_first = now.date() - timedelta(days=1)
    store.open_head(slug, day_before_first, tables)
    store.raise_shards(slug, shards, tables)
    snapshots.open_snapshot(slug, now, tables)


def raise_shards_to_read(slug: str, shards: int, tables: Tables) -> None:
    """Raise the number of shards that readers sum. Call this before the first write to a new shard."""
    store.raise_shards(slug, shards, tables)


def tally_change(slug: str, shards: int, entry: TallyEntry) -> Change:
    """Return the change that adds the entry to a random shard: call this again after a conflict."""
    return store.entry_change(slug, randrange(shards), entry)


def with_other_source(entry: TallyEntry) -> TallyEntry:
    """Return the entry with its source replaced by OTHER, for a shard that has too many sources today."""
    return replace(entry, source=OTHER)
