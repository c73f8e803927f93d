"""Values are cached for seconds, and longer only while AWS does not answer."""

import pytest

from chalicelib.core import caching
from chalicelib.core.caching import MAX_ENTRIES, SecondsCache
from chalicelib.core.errors import Throttled


class Clock:
    now = 100.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(caching, "monotonic", lambda: clock.now)
    return clock


def fail() -> int:
    raise Throttled("storage")


def test_a_value_is_loaded_once_until_it_expires(clock: Clock) -> None:
    cache = SecondsCache[int](5)
    values = iter([1, 2])
    for _ in range(3):
        assert cache.get("a", lambda: next(values)) == 1
    clock.now += 5
    assert cache.get("a", lambda: next(values)) == 2


def test_a_missing_value_is_cached(clock: Clock) -> None:
    cache = SecondsCache[int | None](5)
    assert cache.get("a", lambda: None) is None
    assert cache.get("a", fail) is None


def test_a_cache_can_refuse_to_return_stale_values(clock: Clock) -> None:
    cache = SecondsCache[int](5, keep_stale=False)
    cache.get("a", lambda: 1)
    assert cache.get("a", fail) == 1
    clock.now += 5
    with pytest.raises(Throttled):
        cache.get("a", fail)


def test_in_an_outage_only_one_request_waits_for_the_timeout(clock: Clock) -> None:
    cache = SecondsCache[int](5)
    cache.get("a", lambda: 1)
    clock.now += 1000
    load_times = []

    def load() -> int:
        load_times.append(clock.now)
        return fail()

    for _ in range(10):
        assert cache.get("a", load) == 1
        clock.now += 1
    assert len(load_times) == 2


def test_a_bug_is_logged_and_the_stale_value_returned(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    cache = SecondsCache[int](5)
    cache.get("a", lambda: 1)
    clock.now += 6
    assert cache.get("a", lambda: 1 // 0) == 1
    assert [record.message for record in caplog.records] == ["stale_value_used"]


def test_the_number_of_entries_is_limited(clock: Clock) -> None:
    cache = SecondsCache[int](5)
    for number in range(3 * MAX_ENTRIES):
        cache.get(str(number), lambda: 1)
        cache.get("often used", lambda: 1)
        clock.now += 1
    assert len(cache._entries) <= MAX_ENTRIES
    assert "often used" in cache
