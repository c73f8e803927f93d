"""The level of load shedding. Engineers set it (`manage.py shed`) if the load is too high. This needs no deployment.

normal ─► longer-caches ─► snapshot-only ─► accept-only. Each level includes the levels before it.
snapshot-only: the count is not refreshed. accept-only: signatures go to the overflow queue.
"""

from enum import StrEnum
from functools import cache

from chalicelib.aws.table import Change, Item, Tables
from chalicelib.core import keys, log
from chalicelib.core.caching import SecondsCache
from chalicelib.core.errors import Unavailable

LEVEL_SECONDS = 5.0


class Level(StrEnum):
    NORMAL = "normal"
    LONGER_CACHES = "longer-caches"
    SNAPSHOT_ONLY = "snapshot-only"
    ACCEPT_ONLY = "accept-only"

    def includes(self, other: "Level") -> bool:
        levels = list(Level)  # In the order of the definitions above: each level sheds more than the one before.
        return levels.index(self) >= levels.index(other)

    @property
    def max_age(self) -> int:
        """Return for how many seconds browsers and CDNs keep a public response."""
        return 30 if self.includes(Level.LONGER_CACHES) else 5


_cached_item: SecondsCache[Item] = SecondsCache(LEVEL_SECONDS)


def level_now(tables: Tables) -> Level:
    return _level_of(item_now(tables))


def item_now(tables: Tables) -> Item:
    """Return the item with the level and the watch (watch.py), cached for LEVEL_SECONDS.

    Never raise: if the table fails, return the last known item, or {}, which means NORMAL and nothing watched.
    """
    try:
        return _cached_item.get("level", lambda: stored_item(tables))
    except Exception as error:
        # Unavailable passes, and Denied is logged where it is raised. Any other error needs a repair.
        if not isinstance(error, Unavailable):
            log.degraded("level_unreadable")
        # No item is cached, fresh or stale. Store {}, so that the next requests do not wait for the same failure.
        return _cached_item.get("level", dict)


def stored_item(tables: Tables) -> Item:
    return tables.get(keys.shedding_level()) or {}


def stored_level(tables: Tables) -> Level:
    return _level_of(stored_item(tables))


def _level_of(item: Item) -> Level:
    return _level_named(item.get("level"))


@cache
def _level_named(stored: str | None) -> Level:
    """Return NORMAL if no level, or an unknown one, is stored."""
    return Level(stored) if stored in list(Level) else Level.NORMAL


def set_level(level: Level, tables: Tables) -> None:
    """Store the level. Within LEVEL_SECONDS, every running process uses it."""
    tables.update(Change(keys.shedding_level(), assign={"level": level}))
