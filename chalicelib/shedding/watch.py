"""What is watched: networks and domains that sign at an unusual rate, and petitions for which staff ask for proofs.

The watch is in the item of the shedding level, so that signing reads both at once, from a cache of seconds. Networks
and domains are hashes of a day. The senders of email add them (mail/turns.py), and each entry ends by itself.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from chalicelib.aws.table import Change, Item, Tables, is_still
from chalicelib.core import keys
from chalicelib.core.errors import Conflicted
from chalicelib.shedding.level import item_now, stored_item

# The whole site, in place of a petition.
EVERYWHERE = "*"
ATTEMPTS = 5
# After the last email that showed an unusual rate.
WATCHED_FOR = timedelta(hours=1)
# So that one read unit (4 KB) reads the item. With more, the entries that end first are dropped.
MAX_WATCHED = 100
# 64 bits of a hash are enough to tell a hundred apart.
ENTRY_LENGTH = 16


class Watch(NamedTuple):
    """`until`: for each watched hash, when the watch ends, in seconds since 1970. `asked`: the slugs of petitions for
    which staff ask for a proof with each signature, or EVERYWHERE.
    """

    until: Mapping[str, int]
    asked: frozenset[str]

    def has(self, hashed: str | None, now: datetime) -> bool:
        return bool(hashed) and self.until.get((hashed or "")[:ENTRY_LENGTH], 0) > now.timestamp()

    def is_asked_for(self, slug: str) -> bool:
        return not self.asked.isdisjoint((slug, EVERYWHERE))

    def may_need_proof(self, slug: str, now: datetime) -> bool:
        """Return whether anybody's signature may need a proof now."""
        return self.is_asked_for(slug) or any(until > now.timestamp() for until in self.until.values())


def watch_now(tables: Tables) -> Watch:
    """Return the watch, cached for seconds. Never raise: if the table fails, nothing is watched."""
    return _watch_in(item_now(tables))


def stored_watch(tables: Tables) -> Watch:
    return _watch_in(stored_item(tables))


def _watch_in(item: Item) -> Watch:
    return Watch(item.get("watched") or {}, frozenset(item.get("proof_asked") or ()))


def watch(hashed: str, now: datetime, tables: Tables) -> None:
    """Watch a network or domain for WATCHED_FOR. Write only if it is not watched, or not for much longer."""
    late = now + WATCHED_FOR / 2
    if watch_now(tables).has(hashed, late):
        return

    def add(stored: Watch) -> Mapping[str, int] | None:
        if stored.has(hashed, late):
            return None
        live = {entry: until for entry, until in stored.until.items() if until > now.timestamp()}
        live[hashed[:ENTRY_LENGTH]] = int((now + WATCHED_FOR).timestamp())
        return dict(sorted(live.items(), key=lambda entry: entry[1])[-MAX_WATCHED:])

    _replace("watched", add, tables)


def ask(scope: str, *, asked: bool, tables: Tables) -> None:
    """Ask for a proof with each signature of a petition (a slug), or of the site (EVERYWHERE), or stop asking."""

    def change(stored: Watch) -> set[str] | None:
        wanted = stored.asked | {scope} if asked else stored.asked - {scope}
        return None if wanted == stored.asked else set(wanted)

    _replace("proof_asked", change, tables)


def _replace(name: str, change: Callable[[Watch], object | None], tables: Tables) -> None:
    """Store what `change` makes of the stored watch. If it returns None, nothing is to be done."""
    for _ in range(ATTEMPTS):
        item = stored_item(tables)
        new = change(_watch_in(item))
        if new is None:
            return
        key, when = keys.shedding_level(), is_still(name, item.get(name))
        # DynamoDB stores no empty set.
        stored = Change(key, assign={name: new}, when=when) if new else Change(key, remove=[name], when=when)
        if tables.try_update(stored):
            return
    raise Conflicted("storage")
