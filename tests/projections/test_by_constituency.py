"""Confirmed by constituency: which one, in which counter, small enough to be cheap, and every one once."""

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, strategies as st

from chalicelib.core import keys
from chalicelib.projections.by_constituency import confirmed_by_constituency, constituency_of, counter_of
from chalicelib.projections.changes import constituency_increments
from chalicelib.projections.constituency_table import Constituencies, packed
from chalicelib.projections.dimensions import PLACE, Dimension, rows_by
from chalicelib.projections.project import Increment, project
from tests.fakes import FakeTables

MADE_UP = Constituencies(packed({"ZZ1 1AA": "Upper Zed", "ZZ1 1AC": "Lower Zed"}))
SLUG = "safe-children"
POSTCODES = ["ZZ1 1AA", "ZZ1 1AB", "ZZ1 1AC", ""]


@pytest.mark.parametrize(
    ("signature", "place"),
    [
        ({"country": "GB", "postcode": "ZZ1 1AA"}, "Upper Zed"),
        ({"country": "GB", "postcode": "ZZ1 1AB"}, "unknown"),
        ({"country": "GB"}, "none"),
        ({"country": "NL", "postcode": "1011 AB"}, "abroad"),
        ({"country": "NL"}, "abroad"),
    ],
)
def test_a_signature_is_in_one_place(signature: dict[str, str], place: str) -> None:
    assert constituency_of(signature, MADE_UP) == place


def test_a_place_is_always_counted_in_the_same_counter() -> None:
    assert {counter_of(SLUG, "2a", "Upper Zed") for _ in range(3)} == {keys.constituencies(SLUG, "2a", 1)}


@pytest.mark.parametrize("place", ["Upper Zed", "Lower Zed", "none", "abroad", "unknown"])
@pytest.mark.parametrize("bucket", [keys.BUCKETS[0], keys.BUCKETS[-1]])
def test_whoever_reads_finds_every_counter(tables: FakeTables, place: str, bucket: str) -> None:
    project([Increment(counter_of(SLUG, bucket, place), "1", {PLACE + place: 3})], tables)
    assert confirmed_by_constituency(SLUG, tables) == {PLACE + place: 3}
    assert not confirmed_by_constituency("another", tables)


def test_two_constituencies_of_one_counter_both_hear_of_a_corrected_postcode(tables: FakeTables) -> None:
    """Its counter takes a change in once: both numbers must come with it."""
    names = [f"Zed {number}" for number in range(40)]
    here = names[0]
    there = next(name for name in names[1:] if counter_of(SLUG, "2a", name) == counter_of(SLUG, "2a", here))
    known = Constituencies(packed({"ZZ1 1AA": here, "ZZ1 1AC": there}))
    before, after = (an_image("confirmed", postcode, "GB") for postcode in ("ZZ1 1AA", "ZZ1 1AC"))
    project(constituency_increments("1", None, before, known), tables)
    project(constituency_increments("2", before, after, known), tables)
    assert confirmed_by_constituency(SLUG, tables) == {PLACE + here: 0, PLACE + there: 1}


Image = dict[str, Any] | None


def an_image(state: str, postcode: str, country: str) -> dict[str, Any]:
    return {"pk": f"{SLUG}#2a", "sk": "x", "state": state, "country": country, "postcode": postcode}


LIVES = st.lists(
    st.lists(
        st.none() | st.builds(an_image, st.sampled_from(["pending", "confirmed", "withdrawn"]),
                              st.sampled_from(POSTCODES), st.sampled_from(["GB", "NL"])),
        max_size=6,
    ),
    max_size=5,
)  # fmt: skip


@given(LIVES, st.lists(st.tuples(st.integers(0, 20), st.integers(1, 10)), max_size=6), st.integers(0, 3))
def test_whatever_comes_however_often_every_constituency_sums_to_what_is_confirmed(
    lives: list[list[Image]], windows: list[tuple[int, int]], not_followed_yet: int
) -> None:
    """Lambda moves on only over what it has been told is done; it may tell any of it again."""
    changes = [change for life in lives for change in pairwise([None, *life]) if any(change)]
    log = [(str(95 + number), *change) for number, change in enumerate(changes)]
    tables, done = FakeTables(), 0
    for first, size in [*windows, (0, len(log)), (0, len(log))]:
        start = min(first, done)
        batch = log[start : start + size]
        project([each for change in batch for each in constituency_increments(*change, MADE_UP)], tables)
        done = max(done, start + size)
    ends = [life[-1] for life in lives if life]
    final = Counter(PLACE + constituency_of(end, MADE_UP) for end in ends if end and end["state"] == "confirmed")
    counted = confirmed_by_constituency(SLUG, tables)
    assert {place: number for place, number in counted.items() if number} == final
    confirmed = final.total() + not_followed_yet
    assert sum(rows_by(Dimension.CONSTITUENCY, counted, confirmed).values()) == confirmed


@pytest.mark.parametrize(("name", "length"), [("E140{:05}", 9), ("A name of twenty {:03}", 20)])
def test_no_counter_grows_over_a_kilobyte_with_all_650_constituencies(name: str, length: int) -> None:
    """Another begun kilobyte is another write unit for each confirmation."""
    shares = Counter(counter_of("a-slug-of-some-length", "2a", name.format(number)).sk for number in range(650))
    widest = max(shares.values())
    number, key_and_sequence = 4, 100
    assert widest * (len(PLACE) + length + number) + key_and_sequence < (1024 if length < 10 else 2048)
