"""A figure: how many people signed the same petition elsewhere, according to one source: a platform, or paper."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from chalicelib.core.models import FrozenClosedModel
from chalicelib.core.sources import SOURCE_PATTERN
from chalicelib.core.times import Moment

MAX_FIGURES = 100
MAX_COUNT = 100_000_000


class FigureKind(StrEnum):
    """Who counted, and how."""

    PARTNER = "partner"
    PAPER = "paper"


class NewFigure(FrozenClosedModel):
    """A number of signatures collected elsewhere, as staff enter it."""

    source: Annotated[str, StringConstraints(pattern=SOURCE_PATTERN), Field(examples=["freedom-united"])]
    """The platform or the collection, such as `freedom-united` or `paper-leeds`."""
    kind: FigureKind
    """`partner`: another platform reports it. `paper`: signatures on paper."""
    as_of: Moment
    """The moment of the source's count."""
    evidence: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
    """Where the number comes from and how it was counted, in words or as a link. The public sees it."""
    count: Annotated[int, Field(ge=0, le=MAX_COUNT, strict=True)]
    """How many people signed there, as the source counts them."""


class Figure(NewFigure):
    """A stored figure. It never changes: a correction is another figure of the same source."""

    entered_at: Moment
    """When staff entered the figure."""


def current_figures(figures: Iterable[Figure]) -> list[Figure]:
    """Return the figure of each source with the latest `as_of`; of several, the one that staff entered last."""
    oldest_first = sorted(figures, key=lambda figure: (figure.as_of, figure.entered_at))
    latest = {figure.source: figure for figure in oldest_first}
    return [latest[source] for source in sorted(latest)]
