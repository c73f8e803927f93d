"""A petition: what is asked, of whom, by whom, until when, and how it is kept."""

from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from chalicelib.moments import Moment

SLUG_PATTERN = r"^[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?$"
# A day's shards are one BatchGetItem, which takes 100 keys.
MOST_SHARDS = 90
CONFIRM_AFTER_CLOSE = timedelta(hours=24)

Slug = Annotated[str, StringConstraints(pattern=SLUG_PATTERN)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
EmailAddress = Annotated[str, StringConstraints(pattern=r"^[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+$", max_length=254)]
Prose = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)]


class State(StrEnum):
    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    REMOVED = "removed"


class Petition(BaseModel):
    """The settings of one petition, as in its file and in its item."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    slug: Slug
    title: Line
    summary: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
    text: Prose
    target: Line
    charity: Line
    privacy_contact: EmailAddress
    privacy_url: Annotated[str, StringConstraints(pattern=r"^https://\S+$", max_length=500)] | None = None
    sign_wording: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
    updates_wording: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
    state: State = State.OPEN
    goal: int = Field(gt=0, le=100_000_000)
    opened_at: Moment
    closes_at: Moment | None = None
    # More shards, more confirmations a second; may grow at any time, must never shrink.
    shards: int = Field(default=10, ge=1, le=MOST_SHARDS)
    # Which version of the signature secret makes the ids. Changing it would let everybody sign again.
    key_version: str = "v1"

    @model_validator(mode="after")
    def _closes_after_it_opens(self) -> Self:
        if self.closes_at and self.closes_at <= self.opened_at:
            raise ValueError("closes_at must be after opened_at")
        return self

    @model_validator(mode="after")
    def _closed_says_when(self) -> Self:
        """Links to confirm hold for a day after the closing, so a closed petition must know when that was."""
        if self.state is State.CLOSED and self.closes_at is None:
            raise ValueError("a closed petition needs closes_at")
        return self

    @property
    def text_version(self) -> str:
        """What was signed: a digest of title, text and target."""
        return _version(self.title, self.text, self.target)

    @property
    def consent_version(self) -> str:
        """What was agreed to: a digest of both wordings."""
        return _version(self.sign_wording, self.updates_wording)

    @property
    def version(self) -> str:
        """Text and wordings together: what somebody had before their eyes."""
        return version_of(self.text_version, self.consent_version)

    def state_at(self, now: datetime) -> State:
        """The stored state, moved on by the opening and closing times."""
        if self.state is not State.OPEN:
            return self.state
        if now < self.opened_at:
            return State.DRAFT
        return State.CLOSED if self.closes_at and now >= self.closes_at else State.OPEN

    def confirmable_at(self, now: datetime) -> bool:
        """Who signed in the last minute still has a day to find the mail."""
        lasts = self.closes_at is None or now < self.closes_at + CONFIRM_AFTER_CLOSE
        return lasts and self.state is not State.REMOVED


class PetitionText(BaseModel):
    """One version of what could be signed, kept for as long as signatures refer to it."""

    model_config = ConfigDict(defer_build=True)

    version: str
    title: str
    text: str
    target: str
    charity: str
    sign_wording: str
    updates_wording: str
    recorded_at: Moment


def version_of(text_version: str, consent_version: str) -> str:
    """As kept with each signature, so that its words can be found again."""
    return f"{text_version}.{consent_version}"


def text_of(petition: Petition, now: datetime) -> PetitionText:
    """The version names the text and the wordings, as a signature does."""
    return PetitionText(
        version=petition.version,
        title=petition.title,
        text=petition.text,
        target=petition.target,
        charity=petition.charity,
        sign_wording=petition.sign_wording,
        updates_wording=petition.updates_wording,
        recorded_at=now,
    )


def _version(*parts: str) -> str:
    return sha256("\0".join(parts).encode()).hexdigest()[:12]
