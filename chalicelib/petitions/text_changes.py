"""What changed in a petition's text since it opened, for its page: each version with its date and the changed words."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from chalicelib.aws.table import Tables
from chalicelib.core.caching import SecondsCache
from chalicelib.pages.jinja import paragraphs
from chalicelib.pages.markdown import petition_plain
from chalicelib.petitions import store
from chalicelib.petitions.model import Petition
from chalicelib.petitions.text import PetitionText
from chalicelib.tallies.count import Count

# The name of a cached value has the revision, which never changes.
CACHE_SECONDS = 3600.0
# The page stays small: then, paragraphs of older changes are left out.
MAX_CHARACTERS = 8_000
# The time of a comparison grows with the square of these, so longer texts are compared as a whole.
MAX_PARAGRAPHS, MAX_WORDS = 100, 100
_cache: "SecondsCache[dict[str, list[TextChange]]]" = SecondsCache(CACHE_SECONDS)


class Piece(NamedTuple):
    """`tag`: "del", "ins", or "" for words that stayed."""

    tag: str
    words: str


class TextChange(NamedTuple):
    """`at`: None for a text that staff changed while the petition was not public."""

    at: datetime | None
    paragraphs: list[list[Piece]]


def changes_for_page(petition: Petition, _count: Count | None, tables: Tables) -> dict[str, list[TextChange]]:
    """Return the changes by language, newest first. A petition whose text never changed in public needs no read."""
    if not petition.public_texts:
        return {}
    return _cache.get(f"{petition.slug} {petition.revision}", lambda: _read(petition, tables))


def _read(petition: Petition, tables: Tables) -> dict[str, list[TextChange]]:
    stored = store.find_versions(petition.slug, {text.version for text in petition.public_texts}, tables)
    public = [(each.at, stored[each.version]) for each in petition.public_texts if each.version in stored]
    return {code: _changes(public, petition, code) for code in petition.languages}


def _changes(public: Sequence[tuple[datetime, PetitionText]], petition: Petition, code: str) -> list[TextChange]:
    known = [(at, text) for at, text in public if code == text.language or code in text.translations]
    versions: list[tuple[datetime | None, list[str]]] = [(at, _parts(text.in_language(code))) for at, text in known]
    versions.append((None, _parts(petition.in_language(code))))
    changed = [(at, before, after) for (_, before), (at, after) in pairwise(versions) if before != after]
    changes, room = [], MAX_CHARACTERS
    for at, before, after in reversed(changed):
        change = TextChange(at, [])
        for pieces in _changed_paragraphs(before, after):
            room -= sum(len(piece.words) for piece in pieces)
            if room < 0:
                break
            change.paragraphs.append(pieces)
        changes.append(change)
    return changes


def _parts(text: PetitionText | Petition) -> list[str]:
    return [text.title, text.target, *paragraphs(petition_plain(text.text))]


def _changed_paragraphs(before: list[str], after: list[str]) -> Iterator[list[Piece]]:
    for tag, old, new in _compared(before, after, MAX_PARAGRAPHS):
        if tag == "replace" and len(old) == len(new):
            yield from (_changed_words(*pair) for pair in zip(old, new, strict=True))
        elif tag == "replace":
            yield _changed_words("\n".join(old), "\n".join(new))
        elif tag != "equal":
            yield _pieces(tag, "\n".join(old), "\n".join(new))


def _changed_words(before: str, after: str) -> list[Piece]:
    compared = _compared(before.split(), after.split(), MAX_WORDS)
    return [piece for tag, old, new in compared for piece in _pieces(tag, " ".join(old), " ".join(new))]


def _pieces(tag: str, old: str, new: str) -> list[Piece]:
    if tag == "equal":
        return [Piece("", old)]
    return [piece for piece in (Piece("del", old), Piece("ins", new)) if piece.words]


def _compared(before: list[str], after: list[str], most: int) -> Iterator[tuple[str, list[str], list[str]]]:
    from difflib import SequenceMatcher  # Imported here: a cold start of signing does not need it.

    if max(len(before), len(after)) > most:
        yield "replace", before, after
        return
    for tag, start, end, new_start, new_end in SequenceMatcher(None, before, after).get_opcodes():
        yield tag, before[start:end], after[new_start:new_end]
