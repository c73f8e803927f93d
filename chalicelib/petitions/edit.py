"""Create, edit and publish a petition. An edit increases its revision. An edit of an old revision is refused.

A petition never gets fewer shards: the items over which its counts are spread. The tally head stores their number.
"""

from datetime import datetime
from typing import Any

from pydantic import ValidationError

from chalicelib.aws.table import Tables
from chalicelib.core.errors import ConditionFailed, FieldError, Invalid, Stale
from chalicelib.core.validation import field_errors
from chalicelib.petitions import store
from chalicelib.petitions.find import petition_as_stored
from chalicelib.petitions.letter import LetterVersion
from chalicelib.petitions.model import Petition, PetitionState
from chalicelib.petitions.text import PetitionText, PublicText, text_of
from chalicelib.tallies.count import open_tally, raise_shards_to_read

MAX_PUBLIC_TEXTS = 11  # The page shows ten changes.
# Fields that staff change while the petition runs. A file without a state does not overwrite them.
LIFECYCLE_FIELDS = {"state", "paused_at", "removed_reason"}


def with_changes(petition: Petition, **changes: Any) -> Petition:
    try:
        return Petition.model_validate(petition.model_dump() | changes)
    except ValidationError as error:
        raise Invalid(field_errors(error)) from error


def create(petition: Petition, now: datetime, tables: Tables) -> Petition:
    """Store a new petition, last, so that it is never visible without tally and text. Raise Invalid if taken."""
    petition = with_changes(petition, revision=1, public_texts=[], removals=[])
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
    """Store the next revision. Raise Stale if the stored one is not `petition.revision`, or has more shards.

    The text is stored before the public sees it, because signatures refer to its version.
    """
    before = store.get(petition.slug, tables, consistent=True)
    public_texts = _public_texts(before, petition, now) if before else []
    # This also validates: an invalid text must not be stored.
    petition = with_changes(petition, public_texts=[text.model_dump() for text in public_texts])
    _store_text_and_letter(petition, now, tables)
    return revise(petition, tables)


def _public_texts(before: Petition, after: Petition, now: datetime) -> list[PublicText]:
    """Add the new version if the public can read it. Texts of drafts, and of refused edits, never were public."""
    if before.state_at(now) in (PetitionState.DRAFT, PetitionState.REMOVED) or after.version == before.version:
        return before.public_texts
    known = before.public_texts
    if not known or known[-1].version != before.version:  # It was edited as a draft, before this opening.
        known = [*known, PublicText(version=before.version, at=before.opened_at)]
    return [*known, PublicText(version=after.version, at=now)][-MAX_PUBLIC_TEXTS:]


def revise(petition: Petition, tables: Tables) -> Petition:
    """Do what `edit` does, for a petition whose text and letter are already stored in their current versions."""
    edited = with_changes(petition, revision=petition.revision + 1)
    try:
        store.replace(edited, tables)
    except ConditionFailed as failure:
        raise Stale from failure
    return edited


def _store_text_and_letter(petition: Petition, now: datetime, tables: Tables) -> None:
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
    """Return all versions of the text, oldest first. Of those with the same time, the current one is last."""
    found = store.texts(petition.slug, tables)
    current = [text for text in found if text.version == petition.version]
    others = [text for text in found if text.version != petition.version]
    return sorted(others + current, key=lambda text: text.recorded_at)


def _slug_in_use() -> Invalid:
    return Invalid([FieldError("slug", "Another petition already has this address")])


def publish(petition: Petition, now: datetime, tables: Tables) -> Petition:
    """Create the petition or overwrite the stored one. Return it as stored. Raise Stale on a concurrent edit.

    Keep what staff stored beside the texts, and shards if there are more. Without a state, keep the stored one and its
    times.
    """
    stored = store.get(petition.slug, tables, consistent=True)
    if stored is None:
        return create(petition, now, tables)
    preserved: dict[str, Any] = {
        "shards": max(petition.shards, stored.shards),
        "revision": stored.revision,
        "figures": stored.figures,
        "picture": stored.picture,
        "emptied_at": stored.emptied_at,
        "removals": stored.removals,
    }
    if "retention_months" not in petition.model_fields_set:
        preserved["retention_months"] = stored.retention_months
    if "state" not in petition.model_fields_set:
        preserved |= stored.model_dump(include=LIFECYCLE_FIELDS)
        if stored.state_at(now) is not PetitionState.DRAFT:  # It has opened: a later time would make it a draft again.
            preserved["opened_at"] = stored.opened_at
        if stored.state is PetitionState.CLOSED:  # This is when it closed. People can confirm until a day later.
            preserved["closes_at"] = stored.closes_at
    petition = with_changes(petition, **preserved)
    # Only raises the number of shards. Why the head comes before the petition: see `raise_shards`.
    open_tally(petition.slug, petition.shards, now, tables)
    return edit(petition, now, tables)


def raise_shards(slug: str, shards: int, tables: Tables) -> bool:
    """Return False if the petition has that many shards already. Raise UnknownPetition.

    The tally head comes first: so readers of the tally sum a new shard before a confirmation writes to it.
    """
    if petition_as_stored(slug, tables).shards >= shards:
        return False
    raise_shards_to_read(slug, shards, tables)
    return store.raise_shards(slug, shards, tables)
