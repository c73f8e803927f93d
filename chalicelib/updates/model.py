"""An update: what the campaign tells those who signed. And the job that emails it.

draft ──► scheduled ──► sending ──► sent
  └───────────┴────────────┴──────► cancelled
"""

import re
from datetime import datetime, timedelta
from enum import StrEnum
from secrets import token_hex
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from chalicelib.core.language import ENGLISH, known_language
from chalicelib.core.times import Moment
from chalicelib.jobs.model import Job

# An email's subject shows about this much.
MOST_TITLE = 150
# Every state of an email is kept this long: weeks of SES's quota, and the time to look at the result.
LIFETIME = timedelta(days=60)


class UpdateState(StrEnum):
    DRAFT = "draft"
    SCHEDULED = "scheduled"
    SENDING = "sending"
    SENT = "sent"
    CANCELLED = "cancelled"


def _no_controls(text: str) -> str:
    """XML forbids control characters: one of them would break the feed for everybody."""
    if re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", text):
        raise ValueError("Remove the control characters")
    return text


class UpdateText(BaseModel):
    """What staff write."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    title: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MOST_TITLE), AfterValidator(_no_controls)
    ]
    """The subject of the email, and the heading on the page."""
    markdown: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000), AfterValidator(_no_controls)
    ]
    """The text in Markdown: paragraphs, headings, lists, quotes, emphasis, and links to https addresses."""
    language: Annotated[str, AfterValidator(known_language), Field(examples=["en"])] = ENGLISH
    """The language of the text."""


class Results(BaseModel):
    """What became of an update's emails. In the end, `requested` is the sum of the others."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    requested: int = 0
    """Emails requested: one for each person who had confirmed and asked for updates."""
    sent: int = 0
    """Emails that SES accepted and that did not bounce."""
    failed: int = 0
    """Emails that bounced or were refused, and those of which nobody knows whether they were sent."""
    skipped: int = 0
    """Emails to people who withdrew, unsubscribed or became undeliverable meanwhile; or the update was cancelled."""

    @property
    def waiting(self) -> int:
        return self.requested - self.sent - self.failed - self.skipped


class Update(UpdateText):
    """The stored item: no personal data of supporters. `html` is the text as safe HTML, made when staff save it."""

    slug: str
    update_id: str
    html: str
    state: UpdateState = UpdateState.DRAFT
    created_at: Moment
    created_by: str
    publish_at: Moment | None = None
    published_at: Moment | None = None
    cancelled_at: Moment | None = None
    # Where staff asked to send the last tests, by the test. Removed when the update is published.
    tests: dict[str, str] | None = None
    results: Results = Results()

    @property
    def is_public(self) -> bool:
        return self.published_at is not None


class Mailing(Job):
    """The job that publishes an update and requests its emails. Its key is the petition's slug.

    The cursor: `bucket` is the index of the bucket of signatures, `after` the last one read in it.
    """

    kind: ClassVar[str] = "update"
    lifetime: ClassVar[timedelta] = LIFETIME

    update_id: str
    bucket: int = 0
    after: str = ""

    @property
    def slug(self) -> str:
        return self.key


def new_update_id(now: datetime) -> str:
    """Return an id. Ids sort by time, and consist of lower-case letters and digits."""
    return f"{now:%Y%m%d%H%M%S}{token_hex(3)}"
