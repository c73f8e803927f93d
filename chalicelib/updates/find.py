"""Find, add and change updates, the messages of a campaign to those who signed.

The public routes and the senders of email use a cache in the process. Staff get updates as stored.
"""

from collections.abc import Iterable, Iterator
from operator import attrgetter
from typing import Any

from chalicelib.aws.table import Attr, Change, Item, NewItem, Tables
from chalicelib.core import keys
from chalicelib.core.caching import SecondsCache
from chalicelib.core.errors import UnknownThing
from chalicelib.petitions.model import Petition
from chalicelib.tallies.count import Count
from chalicelib.updates.model import Mailing, Update, UpdateState

# Within this time, a published update appears, and senders stop sending a cancelled update.
CACHE_SECONDS = 10.0

_published_cache: SecondsCache[list[Update]] = SecondsCache(CACHE_SECONDS)
_update_cache: SecondsCache[Update | None] = SecondsCache(CACHE_SECONDS)


def published_updates(slug: str, tables: Tables) -> list[Update]:
    """Newest first. Cached."""
    return _published_cache.get(slug, lambda: _read_published(slug, tables))


def updates_for_page(petition: Petition, _count: Count | None, tables: Tables) -> list[Update]:
    """`_count` is unused: all sections of the page get these arguments."""
    return published_updates(petition.slug, tables)


def cached_update(slug: str, update_id: str, tables: Tables) -> Update | None:
    """As stored at most CACHE_SECONDS ago. Senders need it for every email."""
    return _update_cache.get(f"{slug}_{update_id}", lambda: find_as_stored(slug, update_id, tables))


def find_update(slug: str, update_id: str, tables: Tables) -> Update:
    """Raise UnknownThing if there is none, or if the id is malformed."""
    is_well_formed = update_id.isalnum() and len(update_id) <= 40
    update = find_as_stored(slug, update_id, tables) if is_well_formed else None
    if update is None:
        raise UnknownThing("There is no such update.")
    return update


def find_as_stored(slug: str, update_id: str, tables: Tables) -> Update | None:
    item = tables.get(keys.update(slug, update_id), consistent=True)
    return _update(item) if item else None


def add_update(update: Update, tables: Tables) -> None:
    tables.put_new(NewItem(_key(update), update.model_dump(exclude_none=True)))


def all_updates(slug: str, tables: Tables) -> Iterator[Update]:
    return map(_update, tables.query(keys.COUNTS, keys.updates_partition(slug), backwards=True))


def change_update(update: Update, tables: Tables, **fields: Any) -> Update:
    """Store these fields, and remove those whose value is None. Return the update as stored.

    Raise ConditionFailed if the stored state is no longer the state of `update`. No other field is compared.
    """
    changed = Update.model_validate(update.model_dump() | fields)
    after = changed.model_dump(exclude_none=True)
    assign = {name: after[name] for name in fields if name in after}
    remove = [name for name in fields if name not in after]
    when = Attr("state").eq(update.state)
    item = tables.update_and_read(Change(_key(update), assign, remove=remove, when=when))
    return _update(item)


def paused_updates(slugs: Iterable[str], tables: Tables) -> list[Update]:
    """Return the updates that have paused by themselves. While one is paused, its job is the latest of its petition."""
    latest = tables.batch_get([keys.latest_job(Mailing.kind, slug) for slug in slugs])
    jobs = tables.batch_get([keys.job(Mailing.kind, item["job_id"]) for item in latest])
    mailings = map(Mailing.model_validate, jobs)
    found = map(_update, tables.batch_get([keys.update(each.slug, each.update_id) for each in mailings]))
    return [update for update in found if update.state is UpdateState.PAUSED]


def _read_published(slug: str, tables: Tables) -> list[Update]:
    published = [update for update in all_updates(slug, tables) if update.is_public]
    return sorted(published, key=attrgetter("published_at"), reverse=True)


def _key(update: Update) -> keys.Key:
    return keys.update(update.slug, update.update_id)


def _update(item: Item) -> Update:
    fields = {name: value for name, value in item.items() if name not in ("pk", "sk")}
    return Update.model_validate(fields)
