"""Publish a petition: keep its text, start its tally, then show it. And give it more shards while it runs."""

from datetime import datetime

from chalicelib.aws.table import Tables
from chalicelib.errors import ConditionFailed
from chalicelib.petitions import store
from chalicelib.petitions.find import petition_as_stored
from chalicelib.petitions.model import Petition, text_of
from chalicelib.tallies.open import open_tally, read_more_shards


def publish(petition: Petition, now: datetime, tables: Tables) -> Petition:
    """Idempotent. The petition itself comes last, so that nobody can sign what is not yet kept.

    Returns it as it is kept: with the shards it had, if its file names fewer.
    """
    store.keep_text(petition.slug, text_of(petition, now), tables)
    open_tally(petition.slug, petition.shards, now, tables)
    try:
        store.save(petition, tables)
    except ConditionFailed as failure:
        had: int = (failure.item or {})["shards"]
        petition = petition.model_copy(update={"shards": had})
        store.save(petition, tables)
    return petition


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
