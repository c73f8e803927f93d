"""The change of the tally, for the transaction that confirms or withdraws a signature."""

from dataclasses import replace
from random import randrange

from chalicelib.aws.table import Change
from chalicelib.tallies import store
from chalicelib.tallies.model import OTHER, TallyEntry


def tally_change(slug: str, shards: int, entry: TallyEntry) -> Change:
    """Return the change that adds the entry to a random shard: call this again after a conflict."""
    return store.entry_change(slug, randrange(shards), entry)


def with_other_source(entry: TallyEntry) -> TallyEntry:
    """Return the entry with its source replaced by OTHER, for a shard that has too many sources today."""
    return replace(entry, source=OTHER)
