"""Create and edit a petition. An edit increases the petition's revision. An edit of an old revision is refused.

Shards are the items over which a petition's counts are spread. A petition never gets fewer shards.
"""

from datetime import datetime

from chalicelib.aws.table import Tables
from chalicelib.core.errors import ConditionFailed, FieldError, Invalid, Stale
from chalicelib.petitions import store
from chalicelib.petitions.change import with_changes
from chalicelib.petitions.letter import LetterVersion
from chalicelib.petitions.model import Petition
from chalicelib.petitions.text import PetitionText, text_of
from chalicelib.tallies.open import open_tally


def create(petition: Petition, now: datetime, tables: Tables) -> Petition:
    """Store a new petition as revision 1. Raise Invalid when the slug is taken.

    The petition is stored last, so that it is never visible without its tally (its counts) and its text.
    """
    petition = with_changes(petition, revision=1)
    if store.get(petition.slug, tables, consistent=True):
        raise _slug_in_use()
    open_tally(petition.slug, petition.shards, now, tables)
    _store_text_and_letter(petition, now, tables)
    try:
        store.add(petition, tables)
    except ConditionFailed as failure:
        raise _slug_in_use() from failure
    return petition


def edit(petition: Petition, now: datetime, tables: Tables) -> Petition:
    """Store `petition` as the next revision. Raise Stale if the stored revision is not `petition.revision`.

    Also raise Stale if the stored petition has more shards. The new text is stored before the public sees it, because
    signatures refer to its version.
    """
    petition = with_changes(petition)  # Without changes, this only validates: an invalid text must not be stored.
    _store_text_and_letter(petition, now, tables)
    return revise(petition, tables)


def revise(petition: Petition, tables: Tables) -> Petition:
    """Do what `edit` does, for a petition whose text and letter are already stored in their current versions."""
    edited = with_changes(petition, revision=petition.revision + 1)
    try:
        store.replace(edited, tables)
    except ConditionFailed as failure:
        raise Stale from failure
    return edited


def _store_text_and_letter(petition: Petition, now: datetime, tables: Tables) -> None:
    """Store the current version of the text and of the letter, because signatures will refer to them."""
    store.store_text(petition.slug, text_of(petition, now), tables)
    if petition.letter:
        translations = {code: texts.letter for code, texts in petition.translations.items() if texts.letter}
        letter = LetterVersion(
            version=petition.letter_version,
            letter=petition.letter,
            language=petition.language,
            translations=translations,
            recorded_at=now,
        )
        store.store_letter(petition.slug, letter, tables)


def versions(petition: Petition, tables: Tables) -> list[PetitionText]:
    """Return all versions of the text, oldest first. If versions have the same time, the current version is last."""
    found = store.texts(petition.slug, tables)
    current = [text for text in found if text.version == petition.version]
    others = [text for text in found if text.version != petition.version]
    # If texts have the same time, `sorted` does not change their order.
    return sorted(others + current, key=lambda text: text.recorded_at)


def _slug_in_use() -> Invalid:
    return Invalid([FieldError("slug", "Another petition already has this address")])
