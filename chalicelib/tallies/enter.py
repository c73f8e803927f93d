"""The tally's half of a transaction: who changes a signature's state adds this to the same transaction."""

from dataclasses import replace
from random import randrange

from chalicelib.aws.table import Change
from chalicelib.tallies import store
from chalicelib.tallies.model import OTHER, Entry


def tally_entry(slug: str, shards: int, entry: Entry) -> Change:
    """On a random shard: two that meet conflict, and a conflict is tried again with a new draw."""
    return store.entry_change(slug, randrange(shards), entry)


def folded(entry: Entry) -> Entry:
    """The same entry when its shard has seen too many sources today."""
    return replace(entry, source=OTHER)
