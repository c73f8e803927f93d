"""What the API returns about the total: how many different people signed here or elsewhere."""

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from chalicelib.core.answers import Confirmed, Number, Time
from chalicelib.jobs.model import JobState
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
    comparison: str | None
    """For hashes: the id of the comparison with our signers, which starts now."""


class HashKey(TypedDict):
    """The key with which one source hashes the addresses of its signers. Give the key to nobody else."""

    source: str
    key: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    tool: str
    """The URL of our tool that hashes addresses with the key."""


class ShownComparison(TypedDict):
    id: str
    source: str
    count: Number
    """The number of different hashes that the source sent."""
    here: Number | None
    """How many of these people are confirmed here too. Null until the comparison is done."""
    seen: Number
    """Confirmed signatures compared so far."""
    state: JobState
    why: str | None
    """Why the comparison failed."""
    requested_by: str
    requested_at: Time


class ShownComparisons(TypedDict):
    """Newest first."""

    comparisons: list[ShownComparison]


class PublicTotal(TypedDict):
    """`confirmed` counts only the signatures here. The number of different people is from `at_least` to `at_most`."""

    confirmed: Confirmed
    """People who signed here: by our email, or through a partner whose signatures count when they arrive."""
    elsewhere: list[Elsewhere]
    """The current figures, sorted by source."""
    at_least: Number
    at_most: Number
    as_of: Time
    """The moment of `confirmed`."""
    sentence: str
    """The total in one English sentence."""
