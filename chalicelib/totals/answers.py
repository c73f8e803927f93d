"""What the API returns of the total across platforms."""

from typing_extensions import TypedDict

from chalicelib.core.answers import Confirmed, Number, Time
from chalicelib.petitions.figure import FigureKind


class Elsewhere(TypedDict):
    """The current figure of one source."""

    source: str
    kind: FigureKind
    count: Number
    as_of: Time
    """The moment of the source's count."""
    evidence: str
    """Where the number comes from and how it was counted."""


class EnteredFigure(Elsewhere):
    entered_at: Time


class PublicTotal(TypedDict):
    """`confirmed` is ours alone. The number of different people is from `at_least` to `at_most`."""

    confirmed: Confirmed
    """People who confirmed their signature here."""
    elsewhere: list[Elsewhere]
    """By source."""
    at_least: Number
    at_most: Number
    as_of: Time
    """The moment of `confirmed`."""
    sentence: str
    """The total in one English sentence."""
