"""Find petitions, and the versions of their texts and letters that signatures refer to.

The process caches petitions for a few seconds, and all slugs, so most requests for unknown slugs read no table.
"""

import re
import string
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from urllib.parse import unquote

from chalicelib.aws.table import Tables
from chalicelib.core.caching import SecondsCache, kept
from chalicelib.core.errors import NotNow, PetitionNotOpen, PetitionRemoved, Unavailable, UnknownPetition, UnknownThing
from chalicelib.petitions import store
from chalicelib.petitions.letter import LetterVersion
from chalicelib.petitions.model import DIGEST_PATTERN, SLUG_PATTERN, Petition, PetitionState
from chalicelib.petitions.text import PetitionText, version_of
from chalicelib.tallies.count import Count
from chalicelib.tallies.public import public_counts

# A process reads the slugs at most once in this time, so it may not know a new petition for this long.
READ_AFTER = timedelta(seconds=1)
_NEVER = datetime.min.replace(tzinfo=UTC)
PETITION_SECONDS = 5.0
# Shorter than for a petition, because the list has counts.
LIST_SECONDS = 1.0
LETTER_SECONDS = 600.0
# Only existing petitions are cached, so that requests for unknown slugs cannot evict a petition.
_petition_cache: SecondsCache[Petition] = SecondsCache(PETITION_SECONDS)
# For senders of email. They need no stale petition: if the petition cannot be read, the queue repeats the message.
_stored_cache: SecondsCache[Petition] = SecondsCache(PETITION_SECONDS, keep_stale=False)
_all: SecondsCache[list[Petition]] = SecondsCache(PETITION_SECONDS)
_letters: SecondsCache[LetterVersion] = SecondsCache(LETTER_SECONDS)
# Their addresses have a hash of their content.
_pictures: SecondsCache[bytes] = SecondsCache(3600.0)
NOT_KEPT = "The personal data of this petition was due to be removed, so it can no longer be used."
_slug_pattern = re.compile(SLUG_PATTERN)
# Characters that people copy with an address from a text.
_COPIED_CHARACTERS = string.punctuation + string.whitespace + "«»‹›‘’‚“”„…–—\u00a0\u200b"


class SlugList:
    """The slugs as they were last read. `is_current`: whether the last attempt to read the slugs succeeded."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self._slugs: frozenset[str] = frozenset()
        self._tried_at = _NEVER
        self.is_current = False

    def __contains__(self, slug: str) -> bool:
        return slug in self._slugs

    def begin_reading_if_due(self, now: datetime) -> bool:
        """Return whether the caller must read the slugs now. The next read is due after READ_AFTER."""
        was_just_tried = self._tried_at <= now < self._tried_at + READ_AFTER  # False if the clock was set back.
        if was_just_tried:
            return False
        self._tried_at, self.is_current = now, False
        return True

    def replace(self, slugs: frozenset[str]) -> None:
        self._slugs, self.is_current = slugs, True


class ListedPetition(NamedTuple):
    petition: Petition
    public_count: Count


_slugs = kept(SlugList())
_listed: SecondsCache[list[ListedPetition]] = SecondsCache(LIST_SECONDS)


def find_petition(slug: str, now: datetime, tables: Tables) -> Petition:
    """Return a petition that the public may see. Raise UnknownPetition (also for a draft) or PetitionRemoved."""
    if not _slug_pattern.fullmatch(slug):
        raise UnknownPetition
    petition = _petition_cache.get(slug, lambda: _read_petition(slug, now, tables))
    if petition.state_at(now) is PetitionState.DRAFT:
        raise UnknownPetition
    if petition.state is PetitionState.REMOVED:
        raise PetitionRemoved(petition.removed_reason)
    return petition


def _read_petition(slug: str, now: datetime, tables: Tables) -> Petition:
    # The cache calls this only without a fresh petition. A stale one shows that the petition exists.
    is_known = slug in _petition_cache or slug in _slugs
    petition = store.get(slug, tables) if is_known else _read_with_slugs(slug, now, tables)
    if petition is None:
        raise UnknownPetition
    return petition


def _read_with_slugs(slug: str, now: datetime, tables: Tables) -> Petition | None:
    """If the list of slugs is too old, one call reads list and petition. If it is recent, trust it and return None.

    Raise Unavailable if the last attempt to read the list has failed: the next attempt comes later.
    """
    petition = None
    if _slugs.begin_reading_if_due(now):
        petition, slugs = store.get_with_slugs(slug, tables)
        _slugs.replace(slugs)
    if not _slugs.is_current:
        raise Unavailable
    return petition


def corrected_slug(slug: str) -> str | None:
    """Return the slug in lower case, without what people copied with it, such as a dot. None: no other valid slug."""
    corrected = unquote(slug).strip(_COPIED_CHARACTERS).lower()
    if corrected == slug or not _slug_pattern.fullmatch(corrected):
        return None
    return corrected


def find_open_petition(slug: str, now: datetime, tables: Tables) -> Petition:
    """Return an open petition. Raise UnknownPetition, PetitionRemoved, or PetitionNotOpen with the petition's state."""
    petition = find_petition(slug, now, tables)
    state = petition.state_at(now)
    if state is not PetitionState.OPEN:
        raise PetitionNotOpen(state)
    return petition


def petition_as_stored(slug: str, tables: Tables) -> Petition:
    """Return the petition in any state, even a draft, by a consistent read. Raise UnknownPetition."""
    if not _slug_pattern.fullmatch(slug):
        raise UnknownPetition
    petition = store.get(slug, tables, consistent=True)
    if petition is None:
        raise UnknownPetition
    return petition


def require_kept(petition: Petition, now: datetime) -> None:
    """Raise NotNow if the personal data of its signatures is due to be removed, or was removed."""
    if not petition.is_kept_at(now):
        raise NotNow(NOT_KEPT)


def cached_as_stored(slug: str, tables: Tables) -> Petition:
    """Return the petition in any state, as stored at most PETITION_SECONDS ago. Raise UnknownPetition."""
    return _stored_cache.get(slug, lambda: petition_as_stored(slug, tables))


def texts_as_signed(versions: Mapping[str, tuple[str, str]], tables: Tables) -> dict[str, PetitionText]:
    """Return the texts that signatures refer to, by slug, even if the petitions were edited later.

    `versions`: text version and consent version, by slug. A text that does not exist is left out.
    """
    return store.find_texts({slug: version_of(*both) for slug, both in versions.items()}, tables)


def letter_as_signed(slug: str, version: str, tables: Tables) -> LetterVersion:
    """Return the version of the petition's letter that a signature refers to. A version never changes."""
    return _letters.get(f"{slug} {version}", lambda: _read_letter(slug, version, tables))


def letter_targets(slug: str, tables: Tables) -> dict[str, str]:
    """Return the latest name of each target that the petition's letter ever had, by the target's key."""
    oldest_first = store.list_letters(slug, tables)  # So later names win.
    return {target.key: target.name for version in oldest_first for target in version.letter.targets}


def _read_letter(slug: str, version: str, tables: Tables) -> LetterVersion:
    """Return the stored letter. Every letter is stored before people see it, so raise Unavailable if it is missing."""
    letter = store.find_letter(slug, version, tables)
    if letter is None:
        raise Unavailable("storage")
    return letter


def all_petitions(tables: Tables) -> list[Petition]:
    """Return the petitions in every state, also drafts and removed ones, in the order of their slugs."""
    return list(store.list_all(tables))


def cached_petitions(tables: Tables) -> list[Petition]:
    """As `all_petitions`, at most PETITION_SECONDS old: anybody can call the routes that use this."""
    return _all.get("", lambda: all_petitions(tables))


def slugs_from(slug: str, tables: Tables) -> Iterator[str]:
    return store.slugs_from(slug, tables)


def open_petitions(now: datetime, tables: Tables) -> list[Petition]:
    petitions = all_petitions(tables)
    open_now = [petition for petition in petitions if petition.state_at(now) is PetitionState.OPEN]
    return sorted(open_now, key=lambda petition: petition.opened_at, reverse=True)


def open_petitions_with_counts(now: datetime, tables: Tables) -> list[ListedPetition]:
    """Return the open petitions, newest first, with their public counts.

    If a count is missing, return an older list. Raise Unavailable if this process has none.
    """
    return _listed.get("open", lambda: _read_open_petitions(now, tables))


def _read_open_petitions(now: datetime, tables: Tables) -> list[ListedPetition]:
    petitions = open_petitions(now, tables)
    counts = public_counts(petitions, now, tables)
    if len(counts) < len(petitions):
        raise Unavailable
    return [ListedPetition(petition, counts[petition.slug]) for petition in petitions]


def picture_of(slug: str, digest: str, tables: Tables) -> bytes:
    """Raise UnknownThing. Previews show a draft's too. Pages in caches may show one that was replaced, so it stays."""
    if not (re.fullmatch(SLUG_PATTERN, slug) and re.fullmatch(DIGEST_PATTERN, digest)):
        raise UnknownThing("There is no such picture.")
    return _pictures.get(f"{slug} {digest}", lambda: _read_picture(slug, digest, tables))


def _read_picture(slug: str, digest: str, tables: Tables) -> bytes:
    jpeg = store.find_picture(slug, digest, tables)
    if jpeg is None:
        raise UnknownThing("There is no such picture.")
    return jpeg
