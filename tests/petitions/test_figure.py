"""Figures from elsewhere: which figure of a source is current."""

from datetime import datetime, timedelta

from chalicelib.petitions.figure import Figure, FigureKind, current_figures
from tests.actors import NOW


def a_figure(source: str, count: int, as_of: datetime = NOW, entered_at: datetime = NOW) -> Figure:
    return Figure(
        source=source, kind=FigureKind.PARTNER, count=count, as_of=as_of, evidence="A letter", entered_at=entered_at
    )


def test_the_latest_figure_of_a_source_is_current() -> None:
    old = a_figure("freedom-united", 9_000, NOW - timedelta(days=2))
    entered_late = a_figure("freedom-united", 5, NOW - timedelta(days=9), NOW + timedelta(days=1))
    new = a_figure("freedom-united", 8_501)
    assert current_figures([new, old, entered_late]) == [new]


def test_the_last_entered_of_two_figures_with_the_same_time_is_current() -> None:
    wrong, right = a_figure("paper", 412), a_figure("paper", 421, entered_at=NOW + timedelta(minutes=1))
    assert current_figures([right, wrong]) == [right]
