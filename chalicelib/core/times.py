"""Times in UTC and ISO 8601. They are exact to the second, or to the microsecond where the order of events matters."""

from calendar import monthrange
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

LONDON = "Europe/London"


def now() -> datetime:
    """Return the current time. Only entry points and commands call this. Other functions take `now` as an argument."""
    return datetime.now(UTC)


def iso(moment: datetime) -> str:
    """Return the time in UTC with whole seconds; fractions are cut off."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def in_words(moment: datetime) -> str:
    """Return the time for people, to the minute: 24 November 2026, 18:30 UTC."""
    return f"{moment.astimezone(UTC):%-d %B %Y, %H:%M} UTC"


def exact(moment: datetime) -> str:
    """Return the time to the microsecond, which sorts before the `iso` text of the same second: see `lower_bound`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def lower_bound(moment: datetime) -> str:
    """Return a text that sorts before every time of this second or later, whether `iso` or `exact` wrote the time."""
    return iso(moment).removesuffix("Z")


def in_zone(moment: datetime, zone: str) -> datetime:
    """`zone`: a name of the IANA time zone database. Raise ValueError if there is none of this name."""
    if zone == "UTC":
        return moment.astimezone(UTC)
    # Imported here, so that the cold start of signing does not load it.
    from zoneinfo import ZoneInfo

    try:
        return moment.astimezone(ZoneInfo(zone))
    except (LookupError, OSError):  # Not found, or a folder such as "Europe".
        raise ValueError("There is no time zone of this name") from None


def months_after(moment: datetime, months: int) -> datetime:
    """Return the same day and time so many months later, or the last day of a shorter month."""
    years, month = divmod(moment.month - 1 + months, 12)
    year, month = moment.year + years, month + 1
    return moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1]))


def iso_or_none(moment: datetime | None) -> str | None:
    return iso(moment) if moment else None


def _utc(moment: datetime) -> datetime:
    # Near the ends of Python's calendar, `astimezone` may fail.
    utc = moment.astimezone(UTC) if 1 < moment.year < 9999 else moment
    # Checked in UTC, as stored. Before 1000, `iso` may write fewer than four digits. Until 8999, so that our code can
    # add days.
    if not 1000 <= utc.year < 9000:
        raise ValueError("Use a year from 1000 to 8999")
    return utc


def _refuse_number(value: object) -> object:
    """Raise pydantic's own error for a number, even as text.

    Pydantic would read it as seconds since 1970. But a spreadsheet that writes 45620 means a day of 2024.
    """
    # A date has two hyphens. One at the start is the sign of a number.
    is_text_without_date = isinstance(value, str) and value[1:].count("-") < 2
    if is_text_without_date or isinstance(value, int | float):
        raise PydanticCustomError("datetime_type", "Not a time")
    return value


# The JSON schema of a time as `iso` writes it.
ISO = {
    "type": "string",
    "format": "date-time",
    "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$",
    "examples": ["2026-11-24T18:30:05Z"],
}
AnyMoment = Annotated[AwareDatetime, AfterValidator(_utc)]
# In JSON and in the tables, a Moment has whole seconds. Before that, in memory, it may have microseconds.
Moment = Annotated[
    AnyMoment,
    BeforeValidator(_refuse_number),
    PlainSerializer(iso, return_type=str),
    WithJsonSchema(ISO, mode="serialization"),
]
ExactMoment = Annotated[AnyMoment, PlainSerializer(exact, return_type=str)]
