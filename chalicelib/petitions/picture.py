"""Read a petition's picture. Its address has a hash of its content."""

import re

from chalicelib.aws.table import Tables
from chalicelib.core.caching import SecondsCache
from chalicelib.core.errors import UnknownThing
from chalicelib.petitions import store
from chalicelib.petitions.model import DIGEST_PATTERN, SLUG_PATTERN

_cache: SecondsCache[bytes] = SecondsCache(3600.0)


def picture_of(slug: str, digest: str, tables: Tables) -> bytes:
    """Raise UnknownThing. Previews show a draft's too. Pages in caches may show one that was replaced, so it stays."""
    if not (re.fullmatch(SLUG_PATTERN, slug) and re.fullmatch(DIGEST_PATTERN, digest)):
        raise UnknownThing("There is no such picture.")
    return _cache.get(f"{slug} {digest}", lambda: _read(slug, digest, tables))


def forget_pictures() -> None:
    _cache.clear()


def _read(slug: str, digest: str, tables: Tables) -> bytes:
    jpeg = store.find_picture(slug, digest, tables)
    if jpeg is None:
        raise UnknownThing("There is no such picture.")
    return jpeg
