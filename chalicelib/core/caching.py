"""Keep values in memory for some seconds, so that many requests to the same process need only one read."""

from collections.abc import Callable
from time import monotonic
from typing import Generic, NamedTuple, Protocol, TypeVar

from chalicelib.core import log
from chalicelib.core.errors import Unavailable

Value = TypeVar("Value")

# Limits the memory that a cache takes.
MAX_ENTRIES = 1000


class Clearable(Protocol):
    def clear(self) -> None: ...


Kept = TypeVar("Kept", bound=Clearable)
_all_kept: list[Clearable] = []


def kept(by_process: Kept) -> Kept:
    """Return what this process keeps between its requests, so that `forget_all` clears it."""
    _all_kept.append(by_process)
    return by_process


def forget_all() -> None:
    """For tests and benchmarks, which then start like a new process."""
    for each in _all_kept:
        each.clear()


class _Entry(NamedTuple, Generic[Value]):
    fresh_until: float  # A time of `monotonic`.
    value: Value


class SecondsCache(Generic[Value]):
    def __init__(self, seconds: float, *, keep_stale: bool = True) -> None:
        """`keep_stale`: if `load` raises any error, `get` returns the stale value. If it is False, `get` raises."""
        self._seconds, self._keep_stale = seconds, keep_stale
        self._entries: dict[str, _Entry[Value]] = {}
        kept(self)

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def get(self, name: str, load: Callable[[], Value]) -> Value:
        """If `load` fails, return the stale value, or raise if there is none.

        Then the stale value is fresh for `seconds` again, so in an outage few requests wait for a timeout.
        """
        entry = self._entries.get(name)
        if entry and monotonic() < entry.fresh_until:
            return entry.value
        try:
            value = load()
        except Exception as error:
            if entry is None or not self._keep_stale:
                raise
            # AWS fails for a time, and Denied is logged where it is raised. Anything else somebody must repair.
            if not isinstance(error, Unavailable):
                log.degraded("stale_value_used")
            value = entry.value
        # A dict keeps the order in which names were added. So remove the name, to add it again at the end.
        self._entries.pop(name, None)
        if len(self._entries) >= MAX_ENTRIES:
            oldest = next(iter(self._entries))
            del self._entries[oldest]
        self._entries[name] = _Entry(monotonic() + self._seconds, value)
        return value

    def clear(self) -> None:
        self._entries.clear()
