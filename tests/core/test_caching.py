"""Values are cached for seconds, and longer only while AWS does not answer."""

import pytest

from chalicelib.core import caching
from chalicelib.core.caching import MAX_ENTRIES, SecondsCache
from chalicelib.core.errors import Throttled, Unavailable


class Time:
    now = 100.0


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    time = Time()
    monkeypatch.setattr(caching, "monotonic", lambda: time.now)
    return time


def failing() -> int:
    raise Throttled("storage")


def test_a_value_is_loaded_once_until_it_expires(time: Time) -> None:
    cache = SecondsCache[int](5)
    values = iter([1, 2])
    assert [cache.get("a", lambda: next(values)) for _ in range(3)] == [1, 1, 1]
    time.now += 5
    assert cache.get("a", lambda: next(values)) == 2


def test_a_missing_value_is_cached(time: Time) -> None:
    cache = SecondsCache[int | None](5)
    assert cache.get("a", lambda: None) is None
    assert cache.get("a", failing) is None


def test_names_do_not_mix(time: Time) -> None:
    cache = SecondsCache[int](5)
    assert (cache.get("a", lambda: 1), cache.get("b", lambda: 2), cache.get("a", failing)) == (1, 2, 1)


def test_the_stale_value_is_returned_while_aws_does_not_answer(time: Time) -> None:
    cache = SecondsCache[int](5)
    cache.get("a", lambda: 1)
    time.now += 1000
    assert cache.get("a", failing) == 1
    time.now += 5
    assert cache.get("a", lambda: 2) == 2


def test_in_an_outage_only_one_request_waits_for_the_timeout(time: Time) -> None:
    cache = SecondsCache[int](5)
    cache.get("a", lambda: 1)
    time.now += 1000
    asked = []

    def load() -> int:
        asked.append(time.now)
        return failing()

    for _ in range(10):
        assert cache.get("a", load) == 1
        time.now += 1
    assert len(asked) == 2


def test_a_failure_without_a_stale_value_is_raised(time: Time) -> None:
    with pytest.raises(Unavailable):
        SecondsCache[int](5).get("a", failing)


def test_a_bug_is_logged_and_the_stale_value_returned(time: Time, caplog: pytest.LogCaptureFixture) -> None:
    cache = SecondsCache[int](5)
    cache.get("a", lambda: 1)
    time.now += 6
    assert cache.get("a", lambda: 1 // 0) == 1
    assert [record.message for record in caplog.records] == ["stale_value_used"]


def test_a_bug_is_raised_when_there_is_no_stale_value(time: Time) -> None:
    with pytest.raises(ZeroDivisionError):
        SecondsCache[int](5).get("a", lambda: 1 // 0)


def test_the_number_of_entries_is_limited(time: Time) -> None:
    cache = SecondsCache[int](5)
    for number in range(3 * MAX_ENTRIES):
        cache.get(str(number), lambda: 1)
        cache.get("asked for often", lambda: 1)
        time.now += 1
    assert len(cache._entries) <= MAX_ENTRIES
    assert "asked for often" in cache


def test_a_cleared_value_is_loaded_again(time: Time) -> None:
    cache = SecondsCache[int](5)
    cache.get("a", lambda: 1)
    cache.clear()
    assert cache.get("a", lambda: 2) == 2
