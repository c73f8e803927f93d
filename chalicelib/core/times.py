"""Times are UTC and ISO 8601, to the second, everywhere a person or a program reads them."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, PlainSerializer


def now() -> datetime:
    """For the outermost layer only: rules take `now` as an argument."""
    return datetime.now(UTC)


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _utc(moment: datetime) -> datetime:
    # Rules add and take away days: at either end of the calendar Python could not.
    if not 1000 <= moment.year < 9000:
        raise ValueError("Use a year from 1000 to 8999")
    return moment.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_utc), PlainSerializer(iso, return_type=str)]
