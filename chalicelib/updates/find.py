"""Find updates. What the public and the senders see is cached in the process, as petitions are."""

from chalicelib.aws.table import Tables
from chalicelib.core.caching import SecondsCache
from chalicelib.core.errors import UnknownThing
from chalicelib.petitions.model import Petition
from chalicelib.tallies.count import Count
from chalicelib.updates import store
from chalicelib.updates.model import Update

# A published update appears, and a cancelled one stops, within this time.
SECONDS = 10.0

_published: SecondsCache[list[Update]] = SecondsCache(SECONDS)
_seen: SecondsCache[Update | None] = SecondsCache(SECONDS)


def published(slug: str, tables: Tables) -> list[Update]:
    """Return the published updates, newest first. Cached."""
    return _published.get(slug, lambda: _read(slug, tables))


def published_of(petition: Petition, _: Count | None, tables: Tables) -> list[Update]:
    """Return the updates for the petition's page."""
    return published(petition.slug, tables)


def update_seen(slug: str, update_id: str, tables: Tables) -> Update | None:
    """Return the update as it was at most a few seconds ago. Cached, because a sender needs it for every email."""
    return _seen.get(f"{slug}_{update_id}", lambda: store.find(slug, update_id, tables))


def find_update(slug: str, update_id: str, tables: Tables) -> Update:
    """Return the update as stored. Raise UnknownThing, also for malformed ids."""
    update = store.find(slug, update_id, tables) if update_id.isalnum() and len(update_id) < 40 else None
    if update is None:
        raise UnknownThing("There is no such update.")
    return update


def forget_updates() -> None:
    """Clear the caches. Tests use it to start like a new process."""
    _published.clear()
    _seen.clear()


def _read(slug: str, tables: Tables) -> list[Update]:
    found = [(update.published_at, update) for update in store.newest_first(slug, tables) if update.published_at]
    return [update for _, update in sorted(found, key=lambda each: each[0], reverse=True)]
