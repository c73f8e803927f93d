"""What the API returns about the progress of a petition."""

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from chalicelib.core.answers import Number, Time


class PublicArea(TypedDict):
    area: Annotated[str, Field(examples=["SW"])]
    """The first letters of a UK postcode."""
    at_least: Annotated[Number, Field(examples=[120])]
    """Rounded down to tens."""


class Progress(TypedDict):
    today: Number
    """Confirmed since midnight (UTC)."""
    last_24_hours: Number
    areas: list[PublicArea]
    """The largest areas with at least 50 signatures, largest first. Some may be left out, so that nobody can compute
    the number of a smaller area.
    """
    as_of: Time | None
    """Null while nothing has been counted yet."""
