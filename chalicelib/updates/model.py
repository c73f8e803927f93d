"""An update is a message of the campaign to those who signed. A job, the mailing, emails the update.

draft ──► scheduled ──► sending ──► sent
  └───────────┴────────────┴──────► cancelled

If too many emails bounce or are reported as spam, an update that is sending is paused (run.py). Staff continue it or
cancel it.

A scheduled update is published by its mailing. An update that staff publish at once goes from draft to sending.
"""

import re
from datetime import datetime, timedelta
from enum import StrEnum
from secrets import token_hex
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo, field_validator

from chalicelib.core import keys
from chalicelib.core.language import ENGLISH, known_language
from chalicelib.core.models import FrozenClosedModel, FrozenModel
from chalicelib.core.times import Moment
from chalicelib.jobs.model import Job

# Email programs show about this many characters of a subject.
MAX_TITLE_LENGTH = 150
# Of each email's state. With SES's quota, the emails may take weeks; then staff read the results.
LIFETIME = timedelta(days=60)
# After publication. The new job then ends long before DynamoDB deletes the state of the first emails, without which
# people would get the update twice.
CONTINUABLE = LIFETIME / 2


class UpdateState(StrEnum):
    DRAFT = "draft"
    SCHEDULED = "scheduled"
    SENDING = "sending"
    PAUSED = "paused"
    SENT = "sent"
    CANCELLED = "cancelled"


def _refuse_control_characters(text: str) -> str:
    """XML forbids control characters, so a single one would break the Atom feed."""
    if re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", text):
        raise ValueError("Remove the control characters")
    return text


NO_CONTROLS = AfterValidator(_refuse_control_characters)


class UpdateWords(FrozenClosedModel):
    """The words of an update in one language."""

    title: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TITLE_LENGTH), NO_CONTROLS
    ]
    """The subject of the email, and the heading on the page."""
    markdown: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000), NO_CONTROLS]
    """The text in Markdown: paragraphs, headings, lists, quotes, emphasis, and links to https addresses."""


LanguageCode = Annotated[str, AfterValidator(known_language), Field(examples=["en"])]


class UpdateText(UpdateWords):
    """The text of an update as staff write it, with its translations."""

    language: LanguageCode = ENGLISH
    """The language of the text."""
    translations: dict[LanguageCode, UpdateWords] = {}
    """The text in other languages, by code. Each signer gets the language they signed in, or else the text above."""

    @field_validator("translations")
    @classmethod
    def _refuse_own_language(cls, translations: dict[str, UpdateWords], info: ValidationInfo) -> dict[str, UpdateWords]:
        if info.data.get("language") in translations:
            raise ValueError("This is the language of the text itself. Leave it out here")
        return translations


class Results(FrozenModel):
    """How many of an update's emails had which outcome. Each is explained in answers.py."""

    requested: int = 0
    sent: int = 0
    failed: int = 0
    skipped: int = 0
    bounced: int = 0
    complained: int = 0

    @property
    def taken(self) -> int:
        """Emails that SES accepted."""
        return self.sent + self.bounced

    @property
    def waiting(self) -> int:
        return self.requested - self.sent - self.failed - self.skipped


class UpdateTest(FrozenModel):
    email: str
    language: str


class Update(UpdateText):
    """An update as stored. It contains no personal data of supporters.

    `html`: safe HTML, made when staff save the text. `htmls`, `plains`: of the translations, by language code.
    """

    slug: str
    update_id: str
    html: str
    htmls: dict[str, str] = {}
    # Empty in updates that were saved before these fields existed. Their emails have the Markdown instead.
    plain: str = ""
    plains: dict[str, str] = {}
    state: UpdateState = UpdateState.DRAFT
    created_at: Moment
    created_by: str
    publish_at: Moment | None = None
    published_at: Moment | None = None
    cancelled_at: Moment | None = None
    # By the id of the test. Removed when the update is published or cancelled.
    tests: dict[str, UpdateTest] | None = None
    results: Results = Results()
    # Why it is paused, or was cancelled by the site: a sentence for staff.
    why: str | None = None
    # The results at each time when staff continued it after a pause.
    decisions: list[Results] = []

    @property
    def is_public(self) -> bool:
        return self.published_at is not None

    def is_too_old(self, now: datetime) -> bool:
        """To continue it after a fault or a pause."""
        return self.published_at is not None and now >= self.published_at + CONTINUABLE

    @property
    def languages(self) -> list[str]:
        return [self.language, *self.translations]

    def in_language(self, code: str) -> "Update":
        """Without such words, return it in its own language."""
        words = self.translations.get(code)
        if words is None:
            return self
        rendered = {"html": self.htmls[code], "plain": self.plains.get(code, "")}
        return self.model_copy(update={**dict(words), **rendered, "language": code})


class Mailing(Job):
    """Publish a scheduled update, and request the emails of an update. The job's key is the petition's slug.

    The job has read all buckets (partitions of signatures) with an index below `bucket`, and in that one, the
    signatures up to the id `after`. `decisions`: how many the update had when the job last began with the first bucket.
    `counted_at`: when the job last counted the emails, or began to request them.
    """

    kind: ClassVar[str] = "update"
    lifetime: ClassVar[timedelta] = LIFETIME

    update_id: str
    bucket: int = 0
    after: str = ""
    decisions: int = 0
    counted_at: Moment | None = None

    @property
    def has_requested_all(self) -> bool:
        return self.bucket >= len(keys.BUCKETS)


def new_update_id(now: datetime) -> str:
    """Ids sort by time, and consist of lower-case letters and digits."""
    return f"{now:%Y%m%d%H%M%S}{token_hex(3)}"
