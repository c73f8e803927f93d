"""What the API returns about updates."""

from typing import Annotated

from pydantic import Field, WithJsonSchema
from typing_extensions import TypedDict

from chalicelib.core.answers import Number, Time
from chalicelib.petitions.answers import Slug
from chalicelib.updates.model import UpdateState

UpdateId = Annotated[str, Field(pattern=r"^[0-9a-z]{1,40}$", examples=["20261124183005a1b2c3"])]

UpdateAction = Annotated[str, WithJsonSchema({"type": "string", "enum": ["test", "publish", "resume", "cancel"]})]


class PublicUpdate(TypedDict):
    id: UpdateId
    title: str
    language: str
    languages: list[str]
    """All languages of the update. The text here is in the language of `?lang=`, if the update has that language."""
    html: str
    """Safe HTML: paragraphs, headings from h4, lists, quotes, emphasis and links."""
    published_at: Time


class PublicUpdates(TypedDict):
    slug: Slug
    updates: list[PublicUpdate]
    """Newest first."""


class ManagedWords(TypedDict):
    """The text of an update in another language."""

    title: str
    markdown: str
    html: str


class ManagedUpdate(TypedDict):
    """An update as staff see it. In the end, `requested` is the sum of `sent`, `failed` and `skipped`."""

    id: UpdateId
    state: UpdateState
    stopped: bool
    """Whether a fault has stopped the scheduled or sending update. If `actions` has `publish`, publishing it again
    continues it."""
    retrying: bool
    """Whether a fault has interrupted the update, which waits to continue by itself."""
    actions: list[UpdateAction]
    """What staff can do with the update now. Each action is the last part of a route's path."""
    title: str
    markdown: str
    language: str
    html: str
    translations: dict[str, ManagedWords]
    """The text in other languages, by code."""
    created_at: Time
    created_by: str
    publish_at: Time | None
    """When it is to be published. Null for a draft."""
    published_at: Time | None
    requested: Number
    """People to whom the update is sent: all who had confirmed and asked for updates."""
    sent: Number
    """Emails that were sent and did not bounce."""
    failed: Number
    """Emails that bounced or were refused, and emails that may or may not have been sent."""
    skipped: Number
    """Emails not sent: the person withdrew, unsubscribed or became undeliverable, or the update was cancelled."""
    bounced: Number
    """Part of `failed`: emails that a recipient's server returned."""
    complained: Number
    """Part of `sent`: emails that were reported as spam."""
    why: str | None
    """Why the update paused by itself."""


class Readers(TypedDict):
    """Those who signed in one language."""

    language: str
    people: Number
    text_in: str
    """The language of the text that they get: theirs, or else that of the update itself."""


class Audience(TypedDict):
    """What happens if the update is published now."""

    people: Number
    """Those who confirmed, asked for updates and can be reached. May lag by seconds."""
    languages: list[Readers]
    """Most people first. They sum to `people`."""
    waiting: Number
    """Other emails that go out before."""
    seconds: Number
    """How long all these emails take at the present rate and daily quota, if no more urgent email comes in between."""


class ManagedUpdates(TypedDict):
    slug: Slug
    updates: list[ManagedUpdate]
    """Newest first."""
