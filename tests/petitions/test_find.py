"""Finding petitions: what the public and staff may see, and the cache, which random slugs cannot empty."""

from datetime import timedelta

import pytest

from chalicelib.core import caching
from chalicelib.core.errors import PetitionNotOpen, Throttled, Unavailable, UnknownPetition
from chalicelib.petitions.edit import create
from chalicelib.petitions.find import find_open_petition, find_petition, petition_as_stored
from tests.actors import DAY, NOW, a_petition, a_published_petition
from tests.fake_site import Clock
from tests.fakes import FakeTables

CLOSED = {"state": "closed", "closes_at": NOW - DAY}


def test_many_requests_cost_one_read(tables: FakeTables) -> None:
    a_published_petition(tables)
    tables.calls.clear()
    for _ in range(100):
        find_open_petition("safe-children", NOW, tables)
    assert tables.calls == ["batch_get"]


@pytest.mark.parametrize("slug", ["", "UPPER", "a/b", "../x", "a b", "x" * 200, "é", "a\n"])
def test_a_malformed_slug_is_not_looked_up(tables: FakeTables, slug: str) -> None:
    with pytest.raises(UnknownPetition):
        find_petition(slug, NOW, tables)
    with pytest.raises(UnknownPetition):
        petition_as_stored(slug, tables)
    assert tables.calls == []


def test_a_cached_petition_closes_on_time(tables: FakeTables) -> None:
    a_published_petition(tables, closes_at=NOW + DAY)
    assert find_open_petition("safe-children", NOW, tables)
    with pytest.raises(PetitionNotOpen):
        find_open_petition("safe-children", NOW + DAY, tables)


SECOND = timedelta(seconds=1)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The test's clock, which the cache uses too."""
    clock = Clock()
    monkeypatch.setattr(caching, "monotonic", lambda: (clock() - NOW).total_seconds())
    return clock


def is_known(slug: str, clock: Clock, tables: FakeTables) -> bool:
    try:
        return find_petition(slug, clock(), tables).slug == slug
    except UnknownPetition:
        return False


def throttle(*_: object, **__: object) -> None:
    raise Throttled("storage")


def test_unknown_slugs_cost_one_read_a_second_even_if_all_differ(tables: FakeTables, clock: Clock) -> None:
    a_published_petition(tables)
    tables.calls.clear()
    for number in range(1000):
        clock.forward(SECOND / 100)
        assert not is_known(f"random-{number}", clock, tables)
    assert 10 <= len(tables.calls) <= 11


def test_failed_reads_for_unknown_slugs_are_limited_too(tables: FakeTables, clock: Clock) -> None:
    tables.fail_next(*[Throttled("storage")] * 1000)
    for number in range(1000):
        clock.forward(SECOND / 100)
        with pytest.raises(Unavailable):
            find_petition(f"random-{number}", clock(), tables)
    assert 10 <= len(tables.calls) <= 11


def test_a_new_petition_is_unavailable_not_unknown_while_the_list_cannot_be_read(
    tables: FakeTables, clock: Clock
) -> None:
    """A client tries again after 503, not after 404."""
    assert not is_known("random", clock, tables)
    create(a_petition(), NOW, tables)
    clock.forward(SECOND)
    tables.fail_next(Throttled("storage"))
    for _ in range(2):
        with pytest.raises(Unavailable):
            find_petition("safe-children", clock(), tables)
    clock.forward(SECOND)
    assert is_known("safe-children", clock, tables)


def test_a_stale_petition_is_used_while_the_table_is_unavailable(
    tables: FakeTables, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_published_petition(tables)
    find_petition("safe-children", NOW, tables)
    monkeypatch.setattr("chalicelib.core.caching.monotonic", lambda: 1e12)
    tables.fail_next(Throttled("storage"))
    assert find_petition("safe-children", NOW, tables)
