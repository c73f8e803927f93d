"""Times in UTC and ISO 8601, to the second."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, PlainSerializer


def now() -> datetime:
    """Return the current time. Only for the outermost layer: rules take `now` as an argument."""
    return datetime.now(UTC)


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _utc(moment: datetime) -> datetime:
    # Rules add and subtract days; Python cannot do this at the ends of its calendar.
    if not 1000 <= moment.year < 9000:
        raise ValueError("Use a year from 1000 to 8999")
    return moment.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_utc), PlainSerializer(iso, return_type=str)]
