"""What the API returns about the progress of a petition."""

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from chalicelib.core.answers import Number, Time


class PublicArea(TypedDict):
    area: Annotated[str, Field(examples=["SW"])]
    """The first letters of a UK postcode."""
    at_least: Annotated[Number, Field(examples=[120])]
    """The number of signatures in the area, rounded down to tens."""


class Progress(TypedDict):
    today: Number
    """The number of signatures confirmed since midnight (UTC), minus those withdrawn in this time."""
    last_24_hours: Number
    areas: list[PublicArea]
    """The areas with the most signatures, largest first. Each has at least 50 signatures. Some may be left out, so that
    nobody can compute the number of a smaller area.
    """
    as_of: Time | None
    """When these numbers were counted. Null if they were never counted."""
