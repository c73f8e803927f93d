"""Start counting for a petition."""

from datetime import datetime, timedelta

from chalicelib.aws.table import Tables
from chalicelib.tallies import store


def open_tally(slug: str, shards: int, now: datetime, tables: Tables) -> None:
    """Idempotent: a tally that runs goes on running, perhaps on more shards."""
    store.open_head(slug, now.date() - timedelta(days=1), tables)
    store.raise_shards(slug, shards, tables)
    store.open_snapshot(slug, now, tables)


def read_more_shards(slug: str, shards: int, tables: Tables) -> None:
    """Before anybody writes to them. Whoever counts asks the tally itself, so no stale setting hides a shard."""
    store.raise_shards(slug, shards, tables)
