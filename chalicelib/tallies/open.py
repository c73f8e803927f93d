"""Start counting for a petition."""

from datetime import datetime, timedelta

from chalicelib.aws.table import Tables
from chalicelib.tallies import snapshots, store


def open_tally(slug: str, shards: int, now: datetime, tables: Tables) -> None:
    """Open the tally. Idempotent; an open tally only gets more shards."""
    store.open_head(slug, now.date() - timedelta(days=1), tables)
    store.raise_shards(slug, shards, tables)
    snapshots.open_snapshot(slug, now, tables)


def raise_shards_to_read(slug: str, shards: int, tables: Tables) -> None:
    """Raise the number of shards that readers read. Call it before a new shard is written."""
    store.raise_shards(slug, shards, tables)
