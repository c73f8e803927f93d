"""Entering a figure is safe to repeat. The bounds of the total hold for every possible overlap."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from chalicelib.core.errors import Invalid
from chalicelib.petitions.edit import edit, publish, with_changes
from chalicelib.petitions.figure import MAX_FIGURES, Figure, FigureKind, NewFigure
from chalicelib.petitions.find import petition_as_stored
from chalicelib.petitions.model import Petition
from chalicelib.tallies.count import Count
from chalicelib.totals.enter import enter
from chalicelib.totals.total import Total, total
from tests.actors import NOW, a_petition
from tests.fakes import FakeTables
from tests.petitions.test_count import a_figure

PAPER = NewFigure(source="paper", kind=FigureKind.PAPER, count=412, as_of=NOW, evidence="Sheets 1 to 21")


def enter_paper(tables: FakeTables, now: datetime = NOW) -> Figure:
    return enter("safe-children", PAPER, now, tables)


def stored_petition(tables: FakeTables) -> Petition:
    return petition_as_stored("safe-children", tables)


def test_a_figure_that_is_entered_twice_is_stored_once(tables: FakeTables, petition: Petition) -> None:
    first = enter_paper(tables)
    assert enter_paper(tables, NOW + timedelta(minutes=1)) == first
    assert stored_petition(tables).figures == [first]


def test_the_number_of_figures_is_limited(tables: FakeTables, petition: Petition) -> None:
    figures = [a_figure(f"{number}", 1) for number in range(MAX_FIGURES)]
    edit(with_changes(petition, figures=figures), NOW, tables)
    with pytest.raises(Invalid) as refused:
        enter_paper(tables)
    assert refused.value.errors[0].message == "There are 100 figures already, and no more fit"


def test_a_figure_and_an_edit_at_the_same_time_are_both_kept(
    tables: FakeTables, petition: Petition, monkeypatch: pytest.MonkeyPatch
) -> None:
    def edit_meanwhile(slug: str, tables: FakeTables) -> Petition:
        monkeypatch.undo()
        before = petition_as_stored(slug, tables)
        edit(with_changes(before, title="Edited meanwhile"), NOW, tables)
        return before

    monkeypatch.setattr("chalicelib.totals.enter.petition_as_stored", edit_meanwhile)
    figure = enter_paper(tables)
    assert (stored_petition(tables).title, stored_petition(tables).figures) == ("Edited meanwhile", [figure])


def test_loading_the_petitions_file_again_keeps_its_figures(tables: FakeTables, petition: Petition) -> None:
    figure = enter_paper(tables)
    assert publish(a_petition(title="From the file"), NOW, tables).figures == [figure]


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
