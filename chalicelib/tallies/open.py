"""Start counting for a petition."""

from datetime import datetime, timedelta

from chalicelib.aws.table import Tables
from chalicelib.tallies import store


def open_tally(slug: str, now: datetime, tables: Tables) -> None:
    """Idempotent: a tally that runs goes on running."""
    store.open_head(slug, now.date() - timedelta(days=1), tables)
    store.open_snapshot(slug, now, tables)
