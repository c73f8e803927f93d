"""A new shedding level takes effect within seconds. A level that cannot be read never makes a request fail."""

from itertools import pairwise

import pytest

from chalicelib.core import keys
from chalicelib.core.caching import forget_all
from chalicelib.core.errors import Denied, Throttled, Unavailable
from chalicelib.petitions.model import Petition
from chalicelib.shedding.level import LEVEL_SECONDS, Level, level_now, set_level, stored_level
from chalicelib.tallies.public import FRESH_FOR, public_count, public_counts
from tests.actors import NOW
from tests.fake_site import FakeSite
from tests.fakes import FakeTables

COUNT_PATH = "/api/petitions/safe-children/count"
CACHED_PATHS = ("/", "/api/petitions", "/petitions/safe-children", "/api/petitions/safe-children", COUNT_PATH)


def test_without_a_stored_level_the_level_is_normal(tables: FakeTables) -> None:
    assert stored_level(tables) is level_now(tables) is Level.NORMAL


def test_each_level_includes_the_levels_before_it() -> None:
    assert [level.value for level in Level] == ["normal", "longer-caches", "snapshot-only", "accept-only"]
    for lower, higher in pairwise(Level):
        assert higher.includes(lower)
        assert higher.includes(higher)
        assert not lower.includes(higher)


def test_a_warm_function_caches_the_level_for_seconds(tables: FakeTables, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("chalicelib.core.caching.monotonic", lambda: clock[0])
    level_now(tables)
    set_level(Level.ACCEPT_ONLY, tables)
    tables.calls.clear()
    assert level_now(tables) is Level.NORMAL
    assert tables.calls == []
    clock[0] += LEVEL_SECONDS
    assert level_now(tables) is Level.ACCEPT_ONLY
    assert tables.calls == ["get"]


FAILURES = [Throttled("storage"), Unavailable("storage"), Denied("storage"), ValueError("a bug")]


@pytest.mark.parametrize("failure", FAILURES)
def test_if_the_level_is_unreadable_the_last_known_level_applies_or_else_normal(
    tables: FakeTables, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    clock = [100.0]
    monkeypatch.setattr("chalicelib.core.caching.monotonic", lambda: clock[0])
    tables.fail_next(failure)
    assert level_now(tables) is Level.NORMAL
    set_level(Level.SNAPSHOT_ONLY, tables)
    assert level_now(tables) is Level.NORMAL, "the next requests do not wait for the same failure"
    clock[0] += LEVEL_SECONDS
    assert level_now(tables) is Level.SNAPSHOT_ONLY
    clock[0] += 1000
    tables.fail_next(failure)
    assert level_now(tables) is Level.SNAPSHOT_ONLY


def test_an_unreadable_level_is_logged_and_counted_for_the_alarm(
    tables: FakeTables, caplog: pytest.LogCaptureFixture
) -> None:
    tables.fail_next(ValueError("a bug"))
    for _ in range(3):
        assert level_now(tables) is Level.NORMAL
    [record] = caplog.records
    assert (record.message, vars(record)["measured"]) == ("level_unreadable", {"Degraded": 1})


def test_a_level_from_another_version_of_the_code_is_normal(tables: FakeTables) -> None:
    tables.put(keys.shedding_level(), {"level": "lights-out"})
    assert level_now(tables) is Level.NORMAL


@pytest.mark.parametrize(
    ("level", "seconds", "stale"), [(Level.NORMAL, 5, 1), (Level.LONGER_CACHES, 30, 6), (Level.ACCEPT_ONLY, 30, 6)]
)
def test_cache_headers_depend_on_the_level(fake_site: FakeSite, level: Level, seconds: int, stale: int) -> None:
    set_level(level, fake_site.tables)
    for path in CACHED_PATHS:
        header = fake_site.get(path).headers["Cache-Control"]
        assert header == f"public, max-age={seconds}, stale-while-revalidate={stale}, stale-if-error=86400"


def test_at_level_snapshot_only_the_count_is_not_refreshed(tables: FakeTables, petition: Petition) -> None:
    first = public_counts([petition], NOW, tables)[petition.slug]
    set_level(Level.SNAPSHOT_ONLY, tables)
    forget_all()
    tables.calls.clear()
    assert public_count(petition, NOW + 100 * FRESH_FOR, tables) == first
    assert set(tables.calls) == {"get"}
    assert public_counts([petition], NOW + 100 * FRESH_FOR, tables) == {petition.slug: first}


def test_at_level_snapshot_only_a_count_without_a_snapshot_is_503(fake_site: FakeSite) -> None:
    set_level(Level.SNAPSHOT_ONLY, fake_site.tables)
    del fake_site.tables.items[keys.snapshot("safe-children")]
    assert fake_site.get(COUNT_PATH).status_code == 503
    page = fake_site.get("/petitions/safe-children")
    assert page.status_code == 200, "the page is shown without the count"
