"""A reader of the count closes the past days. If there are very many, later readers close the rest."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import count
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.aws.expressions import change_request
from chalicelib.aws.table import Change, NewItem
from chalicelib.core import keys
from chalicelib.core.errors import Denied, Throttled
from chalicelib.petitions.model import Petition
from chalicelib.tallies import count as counting
from chalicelib.tallies.count import ALL_DAYS, breakdown, exact_count, exact_counts
from chalicelib.tallies.model import MAX_SOURCES, Tally, TallyDimension, attributes_of, tally_of
from chalicelib.tallies.prove import tally_health
from chalicelib.tallies.store import close_days
from tests.actors import DAY, NOW, a_published_petition
from tests.fakes import FakeTables
from tests.tallies.test_count import count_signatures_at

REFUSED = ClientError({"Error": {"Code": "ValidationException", "Message": ""}}, "TransactWriteItems")


def closed_through(tables: FakeTables, slug: str) -> date:
    return date.fromisoformat(tables.items[keys.tally_head(slug)]["through"])


def test_a_reader_of_many_petitions_closes_days_for_seconds_only(
    tables: FakeTables, petition: Petition, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the first reader after a holiday would time out, and staff would see no list of petitions."""
    petitions = [petition, *(a_published_petition(tables, slug=f"petition-{number}") for number in range(9))]
    for each in petitions:
        count_signatures_at(tables, each, NOW)
    seconds = count()
    monkeypatch.setattr(counting, "monotonic", lambda: next(seconds))
    later = NOW + 5 * DAY
    for _ in range(5):
        tables.calls.clear()
        assert {each.confirmed for each in exact_counts(petitions, later, tables).values()} == {1}
        assert tables.calls.count("transact") <= counting.CLOSING_SECONDS
    assert {closed_through(tables, each.slug) for each in petitions} == {later.date() - DAY}


def test_a_day_with_very_many_sources_can_be_closed(
    tables: FakeTables, petition: Petition, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anybody can put any source into a link. With 4,097 bytes, DynamoDB refuses an expression: nobody saw a count."""
    tally = Tally(sources=Counter({f"source-{number}": 1 for number in range(MAX_SOURCES * petition.shards)}))
    sent: list[Change] = []
    monkeypatch.setattr(tables, "transact", sent.extend)
    close_days(petition.slug, {NOW.date(): tally}, petition.shards, tables)
    assert all(len(change_request(each)["UpdateExpression"]) <= 4096 for each in sent)


def test_a_day_that_an_earlier_version_closed_is_still_read() -> None:
    item = {"total": 2, "withdrawn": 1, "by_partners": 0, "h13": 2, "cGB": 2, "s.direct": 2}
    tally = Tally(2, Counter({"13": 2}), Counter(GB=2), Counter(direct=2), withdrawn=1)
    assert tally_of(item) == tally == tally_of(attributes_of(tally))


class ClosingRefused(FakeTables):
    """DynamoDB refuses to close a day. If there is a `mark_error`, the mark of this day fails with it."""

    def __init__(self, tables: FakeTables, mark_error: Exception | None = None) -> None:
        super().__init__()
        self.items, self.mark_error = tables.items, mark_error

    def transact(self, writes: Sequence[Change | NewItem]) -> None:
        raise REFUSED

    def _update(self, change: Change, returns: Mapping[str, str]) -> Any:
        if self.mark_error:
            raise self.mark_error
        return super()._update(change, returns)


@pytest.mark.parametrize("mark_error", [None, REFUSED, Throttled("storage"), Denied("storage")])
def test_counts_are_right_while_dynamodb_refuses_to_close_a_day(
    tables: FakeTables, petition: Petition, mark_error: Exception | None, caplog: pytest.LogCaptureFixture
) -> None:
    count_signatures_at(tables, petition, NOW, NOW + DAY, NOW + 2 * DAY)
    later, refusing = NOW + 3 * DAY, ClosingRefused(tables, mark_error)
    for _ in range(2):
        assert exact_count(petition, later, refusing).confirmed == 3
        assert exact_counts([petition], later, refusing)[petition.slug].confirmed == 3
        by_day = breakdown(petition, TallyDimension.DAY, ALL_DAYS, later, refusing)
        assert list(by_day.values.values()) == [1, 1, 1]
    assert closed_through(tables, petition.slug) < NOW.date()
    assert {record.message for record in caplog.records} == {"day_not_closed"}


def test_a_day_that_cannot_be_closed_is_known_until_it_is_closed(
    tables: FakeTables, petition: Petition, caplog: pytest.LogCaptureFixture
) -> None:
    """The metric sets off DegradedAlarm."""
    other = a_published_petition(tables, slug="other")
    exact_counts([petition, other], NOW, tables)
    count_signatures_at(tables, petition, NOW)
    exact_count(petition, NOW + DAY, ClosingRefused(tables))
    [record] = caplog.records
    assert (record.message, vars(record)["measured"]) == ("day_not_closed", {"Degraded": 1})
    assert vars(record)["facts"] == {"petition": petition.slug, "day": "2026-11-24"}
    assert tally_health([petition.slug, other.slug], NOW, tables).refused == {petition.slug: NOW.date()}
    exact_count(petition, NOW + DAY, tables)
    assert tally_health([petition.slug, other.slug], NOW, tables).refused == {}


def test_a_refused_petition_does_not_keep_the_days_of_others_open(tables: FakeTables, petition: Petition) -> None:
    other = a_published_petition(tables, slug="other")

    class FirstRefused(FakeTables):
        def transact(self, writes: Sequence[Change | NewItem]) -> None:
            if any(petition.slug in write.key.pk for write in writes):
                raise REFUSED
            super().transact(writes)

    refusing = FirstRefused()
    refusing.items = tables.items
    exact_counts([petition, other], NOW + DAY, refusing)
    assert closed_through(tables, petition.slug) < NOW.date()
    assert closed_through(tables, other.slug) == NOW.date()
