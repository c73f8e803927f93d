"""Start the tally of a petition, or raise its number of shards."""

from datetime import datetime, timedelta

from chalicelib.aws.table import Tables
from chalicelib.tallies import snapshots, store


def open_tally(slug: str, shards: int, now: datetime, tables: Tables) -> None:
    """Open the tally with this number of shards. Idempotent: if the tally exists, this can only add shards."""
    day_before_first = now.date() - timedelta(days=1)
    store.open_head(slug, day_before_first, tables)
    store.raise_shards(slug, shards, tables)
    snapshots.open_snapshot(slug, now, tables)


def raise_shards_to_read(slug: str, shards: int, tables: Tables) -> None:
    """Raise the number of shards that readers sum. Call this before the first write to a new shard."""
    store.raise_shards(slug, shards, tables)
