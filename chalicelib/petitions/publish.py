"""Publish a petition: keep its text, start its tally, then show it. And give it more shards while it runs."""

from datetime import datetime
from typing import Any

from chalicelib.aws.table import Tables
from chalicelib.core.errors import ConditionFailed
from chalicelib.petitions import store
from chalicelib.petitions.edit import create, edit
from chalicelib.petitions.find import petition_as_stored
from chalicelib.petitions.model import Petition, State, changed
from chalicelib.tallies.open import open_tally, read_more_shards

# What staff decide while it runs. A file that names no state leaves it to them.
LIFECYCLE = {"state", "paused_at", "removed_reason"}


def publish(petition: Petition, now: datetime, tables: Tables) -> Petition:
    """Safe to repeat. Raise Stale when somebody edits it in this very moment.

    Returns it as it is kept: with the shards it had, if its file names fewer, and in the state it had, if its file
    names none.
    """
    had = store.get(petition.slug, tables, consistent=True)
    if had is None:
        return create(petition, now, tables)
    kept: dict[str, Any] = {"shards": max(petition.shards, had.shards), "revision": had.revision}
    if "state" not in petition.model_fields_set:
        kept |= had.model_dump(include=LIFECYCLE)
        if had.state is State.CLOSED:
            kept["closes_at"] = petition.closes_at or had.closes_at
    petition = changed(petition, **kept)
    open_tally(petition.slug, petition.shards, now, tables)
    return edit(petition, now, tables)


def raise_shards(slug: str, shards: int, tables: Tables) -> bool:
    """More confirmations a second from now on; False when there are as many already. Raise UnknownPetition.

    Whoever counts knows first, whoever confirms within seconds (petitions.find): nothing is ever written where
    nobody looks.
    """
    if petition_as_stored(slug, tables).shards >= shards:
        return False
    read_more_shards(slug, shards, tables)
    try:
        store.raise_shards(slug, shards, tables)
    except ConditionFailed:
        return False  # Somebody raised them further in this very moment.
    return True
