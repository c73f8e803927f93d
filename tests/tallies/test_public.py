"""The public count takes one read while it is fresh; then one caller refreshes it for all."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import pytest

from chalicelib.aws.table import Item
from chalicelib.core import keys
from chalicelib.core.errors import Throttled
from chalicelib.petitions.model import Petition
from chalicelib.tallies import public
from chalicelib.tallies.count import Count
from chalicelib.tallies.public import FRESH_FOR, LEASE_SECONDS, public_count, public_counts
from chalicelib.tallies.snapshots import lease_list, lease_snapshot, save_snapshot, snapshot
from tests.actors import BOB, DAY, NOW, a_published_petition, confirmed
from tests.fakes import FakeTables

SECOND = timedelta(seconds=1)


def test_the_public_count_is_one_read_while_it_is_fresh(tables: FakeTables, petition: Petition) -> None:
    confirmed(tables, petition)
    public_count(petition, NOW, tables)
    tables.calls.clear()
    assert public_count(petition, NOW + FRESH_FOR - SECOND, tables).confirmed == 1
    assert tables.calls == ["get"]


def test_one_caller_refreshes_a_stale_public_count_for_all(tables: FakeTables, petition: Petition) -> None:
    public_count(petition, NOW, tables)
    confirmed(tables, petition)
    later = NOW + FRESH_FOR
    assert public_count(petition, later, tables).confirmed == 1
    confirmed(tables, petition, BOB)
    assert public_count(petition, later, tables).confirmed == 1
    assert public_count(petition, later + FRESH_FOR, tables).confirmed == 2


def test_other_callers_get_the_stale_count_during_a_refresh(tables: FakeTables, petition: Petition) -> None:
    public_count(petition, NOW, tables)
    confirmed(tables, petition)
    assert lease_snapshot(petition.slug, NOW + FRESH_FOR, LEASE_SECONDS, tables)
    tables.calls.clear()
    count = public_count(petition, NOW + FRESH_FOR, tables)
    assert (count.confirmed, count.as_of) == (0, NOW)
    assert tables.calls == ["get", "update"]


def test_the_stale_count_is_returned_while_the_table_is_down(
    tables: FakeTables, petition: Petition, monkeypatch: pytest.MonkeyPatch
) -> None:
    confirmed(tables, petition)
    public_count(petition, NOW, tables)
    monkeypatch.setattr(tables, "_update", throttle)
    assert public_count(petition, NOW + DAY, tables).confirmed == 1


def throttle(*_: object, **__: object) -> None:
    raise Throttled("storage")


@pytest.mark.parametrize("failing", [1, 2])
def test_public_counts_are_stale_while_counting_fails(tables: FakeTables, petition: Petition, failing: int) -> None:
    confirmed(tables, petition)
    public_counts([petition], NOW, tables)
    confirmed(tables, petition, BOB)

    class BatchGetFails(FakeTables):
        def batch_get(self, wanted: Sequence[keys.Key], *, consistent: bool = False) -> list[Item]:
            if self.calls.count("batch_get") == failing:
                raise Throttled("storage")
            return super().batch_get(wanted, consistent=consistent)

    broken = BatchGetFails()
    broken.items = tables.items
    assert public_counts([petition], NOW + DAY, broken)[petition.slug].confirmed == 1


def test_one_caller_refreshes_a_list_for_all(tables: FakeTables, petition: Petition) -> None:
    public_counts([petition], NOW, tables)
    confirmed(tables, petition)
    tables.calls.clear()
    assert public_counts([petition], NOW + FRESH_FOR - SECOND, tables)[petition.slug].as_of == NOW
    assert tables.calls == ["batch_get"]
    assert lease_list(NOW + FRESH_FOR, 2, tables)
    tables.calls.clear()
    assert public_counts([petition], NOW + FRESH_FOR, tables)[petition.slug].as_of == NOW
    assert tables.calls == ["batch_get", "update"], "another caller has the lease"
    assert public_counts([petition], NOW + 2 * FRESH_FOR, tables)[petition.slug].as_of == NOW + 2 * FRESH_FOR


def test_every_count_in_a_list_of_a_hundred_petitions_is_fresh_even_if_requests_are_rare(tables: FakeTables) -> None:
    """The CDN asks for a list at most once in six seconds. Every answer is fresh. One lease covers all petitions."""
    petitions = [a_published_petition(tables, slug=f"petition-{n}") for n in range(100)]
    for later in (NOW + 6 * SECOND, NOW + 12 * SECOND, NOW + DAY / 4):
        tables.calls.clear()
        found = public_counts(petitions, later, tables)
        oldest = min(count.as_of for count in found.values())
        assert later - oldest < FRESH_FOR
        assert tables.calls.count("update") == 1 + len(petitions)


def test_a_longer_list_refreshes_a_limited_number_of_counts_oldest_first(
    tables: FakeTables, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public, "MAX_REFRESHED", 10)
    newest, *others = [a_published_petition(tables, slug=f"petition-{n}") for n in range(11)]
    public_counts([newest], NOW, tables)
    counts = public_counts([newest, *others], NOW + FRESH_FOR, tables)
    assert counts.pop(newest.slug).as_of == NOW
    assert {count.as_of for count in counts.values()} == {NOW + FRESH_FOR}


def test_a_lease_whose_holder_did_not_count_is_not_a_snapshot(tables: FakeTables, petition: Petition) -> None:
    confirmed(tables, petition)
    del tables.items[keys.snapshot(petition.slug)]
    assert lease_snapshot(petition.slug, NOW, LEASE_SECONDS, tables)
    assert public_count(petition, NOW, tables).confirmed == 1
    assert public_counts([petition], NOW, tables)[petition.slug].confirmed == 1


def listed_count(petition: Petition, now: datetime, tables: FakeTables) -> Count:
    return public_counts([petition], now, tables)[petition.slug]


@pytest.mark.parametrize("read", [public_count, listed_count])
def test_a_snapshot_from_the_future_is_replaced_and_logged(
    tables: FakeTables,
    petition: Petition,
    read: Callable[[Petition, datetime, FakeTables], Count],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A reader whose clock is ahead stores it. The public count would stand still until that time."""
    caplog.set_level("INFO")
    read(petition, NOW + DAY / 4, tables)
    confirmed(tables, petition)
    assert read(petition, NOW, tables).confirmed == 1
    stored = snapshot(petition.slug, tables)
    assert stored is not None
    assert (stored["count"], stored["as_of"]) == (1, "2026-11-24T12:00:00Z")
    [record] = [record for record in caplog.records if record.message == "future_snapshot_replaced"]
    assert vars(record)["facts"]["petition"] == petition.slug


def test_a_reader_whose_clock_is_a_little_ahead_does_not_make_others_count_at_each_read(
    tables: FakeTables, petition: Petition
) -> None:
    public_count(petition, NOW + FRESH_FOR - SECOND, tables)
    tables.calls.clear()
    public_count(petition, NOW, tables)
    assert tables.calls == ["get"]


def test_a_replaced_snapshot_from_the_future_does_not_overwrite_a_newer_one(
    tables: FakeTables, petition: Petition
) -> None:
    """Two readers have read the same snapshot from the future. The slower one has counted first."""
    save_snapshot(petition.slug, 5, NOW + DAY, tables)
    save_snapshot(petition.slug, 7, NOW + SECOND, tables, read=NOW + DAY)
    save_snapshot(petition.slug, 6, NOW, tables, read=NOW + DAY)
    kept = snapshot(petition.slug, tables)
    assert kept is not None
    assert kept["count"] == 7


def test_a_lease_from_the_future_is_taken_over(tables: FakeTables, petition: Petition) -> None:
    """Its holder, whose clock is ahead, may have crashed. Nobody releases the lease of the list."""
    for seconds, is_taken in ((LEASE_SECONDS, False), (DAY.total_seconds(), True)):
        assert lease_snapshot(petition.slug, NOW + timedelta(seconds=seconds), LEASE_SECONDS, tables)
        assert lease_snapshot(petition.slug, NOW, LEASE_SECONDS, tables) is is_taken


def test_a_long_list_replaces_a_snapshot_from_the_future_first(
    tables: FakeTables, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public, "MAX_REFRESHED", 1)
    future, stale = [a_published_petition(tables, slug=slug) for slug in ("future", "stale")]
    save_snapshot(stale.slug, 0, NOW, tables)
    save_snapshot(future.slug, 0, NOW + DAY / 4, tables)
    assert public_counts([stale, future], NOW + 2 * FRESH_FOR, tables)[future.slug].as_of == NOW + 2 * FRESH_FOR
