"""What the API returns about the total: how many different people signed here or elsewhere."""

from typing_extensions import TypedDict

from chalicelib.core.answers import Confirmed, Number, Time
from chalicelib.petitions.answers import RemovedSignatures
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
    """`confirmed` counts only the signatures here. The number of different people is from `at_least` to `at_most`."""

    confirmed: Confirmed
    """People who signed here: by our email, or through a partner whose signatures count when they arrive."""
    elsewhere: list[Elsewhere]
    """The current figures, sorted by source."""
    removed: list[RemovedSignatures]
    """Signatures that were removed here. `confirmed` does not include them."""
    at_least: Number
    at_most: Number
    as_of: Time
    """The moment of `confirmed`."""
    sentence: str
    """The total in one English sentence."""
