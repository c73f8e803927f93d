"""Find petitions. find_petition caches them in the process for a few seconds."""

import re
from datetime import datetime

from chalicelib.aws.table import Tables
from chalicelib.core.caching import SecondsCache
from chalicelib.core.errors import PetitionNotOpen, PetitionRemoved, UnknownPetition
from chalicelib.petitions import store
from chalicelib.petitions.model import SLUG_PATTERN, Petition, PetitionText, State, version_of

SETTINGS_SECONDS = 5.0

_known: SecondsCache[Petition | None] = SecondsCache(SETTINGS_SECONDS)
_slug = re.compile(SLUG_PATTERN)


def find_petition(slug: str, now: datetime, tables: Tables) -> Petition:
    """Return a petition that the public may see. Raise UnknownPetition (also for a draft) or PetitionRemoved."""
    petition = _known.get(slug, lambda: store.get(slug, tables)) if _slug.fullmatch(slug) else None
    if petition is None or petition.state_at(now) is State.DRAFT:
        raise UnknownPetition
    if petition.state is State.REMOVED:
        raise PetitionRemoved(petition.removed_reason)
    return petition


def find_open_petition(slug: str, now: datetime, tables: Tables) -> Petition:
    """Return an open petition. Raise PetitionNotOpen with the state, or what find_petition raises."""
    petition = find_petition(slug, now, tables)
    state = petition.state_at(now)
    if state is not State.OPEN:
        raise PetitionNotOpen(state)
    return petition


def petition_as_stored(slug: str, tables: Tables) -> Petition:
    """Return the petition for staff, in any state, by a consistent read. Raise UnknownPetition."""
    petition = store.get(slug, tables, consistent=True) if _slug.fullmatch(slug) else None
    if petition is None:
        raise UnknownPetition
    return petition


def text_as_signed(slug: str, text_version: str, consent_version: str, tables: Tables) -> PetitionText | None:
    """Return the text version that a signature refers to, even if the petition was edited since."""
    return store.get_text(slug, version_of(text_version, consent_version), tables)


def all_petitions(tables: Tables) -> list[Petition]:
    return list(store.list_all(tables))


def open_petitions(now: datetime, tables: Tables) -> list[Petition]:
    return [petition for petition in all_petitions(tables) if petition.state_at(now) is State.OPEN]


def forget_petitions() -> None:
    """Clear the cache. Tests use it to start like a new process."""
    _known.clear()
