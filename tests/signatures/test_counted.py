"""A signature and its tally change together or not at all. New sources over the limit are counted as OTHER."""

import pytest

from chalicelib.petitions.model import Petition
from chalicelib.tallies.count import Days, breakdown
from chalicelib.tallies.model import MAX_SOURCES, OTHER, TallyDimension
from tests.actors import NOW, Person, a_published_petition, confirmed, item_of
from tests.fakes import FakeTables


def a_person(number: int) -> Person:
    return Person("Person", f"person{number}@mail.example")


@pytest.fixture
def full_petition(tables: FakeTables) -> Petition:
    """A petition whose only shard has the maximum number of sources today."""
    petition = a_published_petition(tables, shards=1)
    for number in range(MAX_SOURCES):
        confirmed(tables, petition, a_person(number), source=f"source-{number}")
    return petition


def test_a_source_over_the_limit_is_counted_as_other_and_recorded_on_the_signature(
    tables: FakeTables, full_petition: Petition
) -> None:
    identity = confirmed(tables, full_petition, source="one-too-many")
    values = breakdown(full_petition, TallyDimension.SOURCE, Days(), NOW, tables).values
    assert (len(values), values[OTHER], sum(values.values())) == (MAX_SOURCES + 1, 1, MAX_SOURCES + 1)
    item = item_of(tables, full_petition, identity)
    assert (item["source"], item["counted_source"]) == ("one-too-many", OTHER)
