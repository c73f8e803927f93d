"""The total across platforms: its bounds hold for every possible overlap, and each bound can be reached."""

from hypothesis import given, strategies as st

from chalicelib.petitions.figure import Figure
from chalicelib.tallies.count import Count
from chalicelib.totals.total import Total, total
from tests.actors import NOW, a_petition
from tests.petitions.test_count import a_figure

PEOPLE = st.sets(st.integers(0, 30), max_size=30)


def total_of(confirmed: int, *figures: Figure) -> Total:
    return total(a_petition(figures=list(figures)), Count(confirmed, NOW))


def figures_of(counts: list[int]) -> list[Figure]:
    """Return a figure for each count, each from another source."""
    return [a_figure(f"source-{number}", count) for number, count in enumerate(counts)]


@given(PEOPLE, st.lists(PEOPLE, max_size=5))
def test_the_bounds_hold_for_every_overlap(here: set[int], elsewhere: list[set[int]]) -> None:
    sizes = [len(people) for people in elsewhere]
    found = total_of(len(here), *figures_of(sizes))
    assert found.at_least <= len(here.union(*elsewhere)) <= found.at_most


def test_the_sentence_can_be_read_on_air() -> None:
    assert total_of(112_034, a_figure("freedom-united", 8_000), a_figure("paper", 501)).sentence == (
        "Exactly 112,034 people confirmed here; 8,501 elsewhere; together at least 112,034 and at most 120,535 people."
    )
    assert total_of(1).sentence == "Exactly 1 person confirmed here."
