"""What the API returns about reminders to confirm."""

from typing_extensions import TypedDict

from chalicelib.core.answers import Number, Time
from chalicelib.jobs.model import JobState
from chalicelib.petitions.answers import Slug


class ShownReminders(TypedDict):
    id: str
    slug: Slug
    hours: Number
    """How long after their last email people are reminded."""
    requested_by: str
    requested_at: Time
    state: JobState
    """While it is waiting, running or retrying, reminders are on. It is done when the petition has closed."""
    why: str | None
    """Why it failed."""
    reminded: Number
    """How many people have been reminded so far."""


class AllReminders(TypedDict):
    """The times when reminders were switched on, newest first."""

    reminders: list[ShownReminders]
