"""Write, change and transition a petition. An edit based on a stale revision is refused."""

from datetime import datetime

from chalicelib.aws.table import Tables
from chalicelib.core.errors import ConditionFailed, FieldError, Invalid, Stale
from chalicelib.petitions import store
from chalicelib.petitions.model import Petition, PetitionText, changed, text_of
from chalicelib.tallies.open import open_tally


def create(petition: Petition, now: datetime, tables: Tables) -> Petition:
    """Its first revision. Raise Invalid when the slug is taken. The petition comes last: nobody finds half of it."""
    petition = changed(petition, revision=1)
    if store.get(petition.slug, tables, consistent=True):
        raise _taken()
    open_tally(petition.slug, petition.shards, now, tables)
    store.keep_text(petition.slug, text_of(petition, now), tables)
    try:
        store.add(petition, tables)
    except ConditionFailed as failure:
        raise _taken() from failure
    return petition


def edit(petition: Petition, now: datetime, tables: Tables) -> Petition:
    """Keep it as the next revision. Raise Stale when what is stored is not the revision that `petition` came from.

    The text is kept before it shows. Signatures name the version that was signed, and go on naming it.
    """
    edited = changed(petition, revision=petition.revision + 1)
    store.keep_text(edited.slug, text_of(edited, now), tables)
    try:
        store.replace(edited, tables)
    except ConditionFailed as failure:
        raise Stale from failure
    return edited


def versions(petition: Petition, tables: Tables) -> list[PetitionText]:
    """What could ever be signed, oldest first; of those of one second the present one last."""
    found = store.texts(petition.slug, tables)
    return sorted(found, key=lambda text: (text.recorded_at, text.version == petition.version))


def _taken() -> Invalid:
    return Invalid([FieldError("slug", "There is a petition with this slug already")])
