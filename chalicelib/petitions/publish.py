"""Publish a petition: keep its text, start its tally, then show it."""

from datetime import datetime

from chalicelib.aws.table import Tables
from chalicelib.petitions import store
from chalicelib.petitions.model import Petition, text_of
from chalicelib.tallies.open import open_tally


def publish(petition: Petition, now: datetime, tables: Tables) -> None:
    """Idempotent. The petition itself comes last, so that nobody can sign what is not yet kept."""
    store.keep_text(petition.slug, text_of(petition, now), tables)
    open_tally(petition.slug, now, tables)
    store.save(petition, tables)
