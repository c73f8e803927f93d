"""Finding petitions: what the public and staff may see, and the cache."""

import pytest

from chalicelib.core.errors import PetitionNotOpen, Throttled, UnknownPetition
from chalicelib.petitions.find import find_open_petition, find_petition, petition_as_stored
from tests.actors import DAY, NOW, a_published_petition
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


def test_a_stale_petition_is_used_while_the_table_is_unavailable(
    tables: FakeTables, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_published_petition(tables)
    find_petition("safe-children", NOW, tables)
    monkeypatch.setattr("chalicelib.core.caching.monotonic", lambda: 1e12)
    tables.fail_next(Throttled("storage"))
    assert find_petition("safe-children", NOW, tables)
