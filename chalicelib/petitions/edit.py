"""Create and edit a petition. An edit based on a stale revision is refused."""

from datetime import datetime

from chalicelib.aws.table import Change, Tables
from chalicelib.core.errors import ConditionFailed, FieldError, Invalid, Stale
from chalicelib.petitions import store
from chalicelib.petitions.change import with_changes
from chalicelib.petitions.letter import KeptLetter
from chalicelib.petitions.model import Petition
from chalicelib.petitions.text import PetitionText, text_of
from chalicelib.tallies.open import open_tally


def create(petition: Petition, now: datetime, tables: Tables) -> Petition:
    """Store the first revision. Raise Invalid when the slug is taken.

    The petition is written last, so that it is never visible without its tally and text.
    """
    petition = with_changes(petition, revision=1)
    if store.get(petition.slug, tables, consistent=True):
        raise _slug_in_use()
    open_tally(petition.slug, petition.shards, now, tables)
    _keep_texts(petition, now, tables)
    try:
        store.add(petition, tables)
    except ConditionFailed as failure:
        raise _slug_in_use() from failure
    return petition


def edit(petition: Petition, now: datetime, tables: Tables) -> Petition:
    """Store `petition` as the next revision. Raise Stale when the stored revision is not `petition.revision`.

    The text is stored before the petition shows it, because signatures refer to its version.
    """
    _keep_texts(with_changes(petition), now, tables)
    return revise(petition, tables)


def revise(petition: Petition, tables: Tables, also: Change | None = None) -> Petition:
    """Store `petition` as the next revision. Its texts and letter must be stored already. Raise Stale, as `edit` does.

    `also` is a further change in the same transaction. Raise ConditionFailed if the condition of `also` fails.
    """
    edited = with_changes(petition, revision=petition.revision + 1)
    try:
        store.replace(edited, tables, also)
    except ConditionFailed as failure:
        if failure.index:  # The condition of `also` failed.
            raise
        raise Stale from failure
    return edited


def _keep_texts(petition: Petition, now: datetime, tables: Tables) -> None:
    """Keep the current version of the text and of the letter, because signatures will refer to them."""
    store.keep_text(petition.slug, text_of(petition, now), tables)
    if petition.letter:
        translations = {code: texts.letter for code, texts in petition.translations.items() if texts.letter}
        letter = KeptLetter(
            version=petition.letter_version,
            letter=petition.letter,
            language=petition.language,
            translations=translations,
            recorded_at=now,
        )
        store.keep_letter(petition.slug, letter, tables)


def versions(petition: Petition, tables: Tables) -> list[PetitionText]:
    """Return all versions of the text, oldest first. Of several in the same second, the current one is last."""
    found = store.texts(petition.slug, tables)
    return sorted(found, key=lambda text: (text.recorded_at, text.version == petition.version))


def _slug_in_use() -> Invalid:
    return Invalid([FieldError("slug", "Another petition already has this address")])
