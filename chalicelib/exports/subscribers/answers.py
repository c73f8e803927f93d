"""What the API returns about lists. A list is a file with the people who asked for updates, and their addresses."""

from typing_extensions import TypedDict

from chalicelib.core.answers import Number, Time
from chalicelib.jobs.model import JobState
from chalicelib.petitions.answers import Slug


class ShownList(TypedDict):
    id: str
    slug: Slug
    recipient: str
    """The age public key."""
    requested_by: str
    requested_at: Time
    state: JobState
    why: str | None
    """Why the list failed."""
    subscribed: Number
    """How many people were found so far who get updates; when the list is done, the rows with this status."""
    unsubscribed: Number
    """How many people were found so far who were on an earlier list and no longer get updates."""
    expires_at: Time
    """From this time on, the file cannot be downloaded. It is deleted within two days."""
    sha256: str | None
    """The SHA-256 digest of the file as downloaded."""
    bytes: Number | None


class ShownLists(TypedDict):
    """The lists of a petition, newest first."""

    lists: list[ShownList]
