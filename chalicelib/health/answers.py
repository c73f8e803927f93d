"""What the API returns about the site's health."""

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from chalicelib.core.answers import Number, Time
from chalicelib.health.words import Health


class HealthMessage(TypedDict):
    level: Health
    text: str
    path: str | None
    """The page of the dashboard where staff decide. Null: there is none."""


class MailHealth(TypedDict):
    waiting: Number
    """Approximate number of emails that are in a queue to be sent."""
    paused_until: Time | None
    """When sending starts again. Null if sending is not paused."""


class OverflowHealth(TypedDict):
    waiting: Number
    """Approximate number of signatures that are accepted but not stored yet."""


class StaffHealth(TypedDict):
    level: Health
    """The level of the most serious message."""
    messages: Annotated[list[HealthMessage], Field(min_length=1)]
    """Most serious first. Each says what to do, if anything."""
    mail: MailHealth
    overflow: OverflowHealth
