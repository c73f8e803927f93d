"""Requests for unknown slugs cost at most one read a second, and evict no petition that exists."""

from datetime import timedelta

import pytest

from chalicelib.core import caching
from chalicelib.core.errors import Throttled, Unavailable, UnknownPetition
from chalicelib.petitions.edit import create
from chalicelib.petitions.find import find_petition
from tests.actors import NOW, a_petition, a_published_petition
from tests.fake_site import Clock
from tests.fakes import FakeTables

SECOND = timedelta(seconds=1)


def use_in_caches(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    def seconds() -> float:
        return (clock() - NOW).total_seconds()

    monkeypatch.setattr(caching, "monotonic", seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The test's clock, which the cache uses too."""
    clock = Clock()
    use_in_caches(clock, monkeypatch)
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
