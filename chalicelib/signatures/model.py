"""A signature as it is kept, and the moves it may make.

(absent) ──sign──► pending ──confirm──► confirmed
                      │                     │
                      └──────withdraw───────┴──► withdrawn ──sign──► pending
An erased one is withdrawn, and emptied. pending and withdrawn items leave by TTL; a confirmed one only by withdrawing.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, PlainSerializer

from chalicelib.core import keys
from chalicelib.core.keys import Key
from chalicelib.core.times import Moment

# SES may need weeks for a spike's mails: until its mail has gone, a signature waits this long.
UNMAILED_LIFETIME = timedelta(days=60)
# Nothing personal is left in it; it remembers that mails were sent, so that nobody is mailed without end.
WITHDRAWN_LIFETIME = timedelta(days=90)
# An erased one outlives every message that could bring it back: a queue keeps them for 14 days.
ERASED_LIFETIME = timedelta(days=15)

MAX_MAILS = 5
MAIL_PAUSE = timedelta(minutes=1)
# A request this old may have been lost on its way; asking again sends it on its way again.
NUDGE_AFTER = timedelta(minutes=10)

# Whoever has a name here has a person; withdrawing removes all of these.
PERSONAL = ("name", "email", "country", "postcode", "source", "counted_source")
MAIL_REQUEST = ("mail_kind", "mail_requested_at", "mail_nudged_at", "mail_claimed_until", "mail_queued_at")


class State(StrEnum):
    PENDING = "pending"
    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"


class MailKind(StrEnum):
    """Which mail a signature waits for."""

    CONFIRM = "confirm"
    ALREADY_SIGNED = "already-signed"


Epoch = Annotated[Moment, PlainSerializer(lambda moment: int(moment.timestamp()), return_type=int)]
Channel = Literal["form", "api"]


class Signature(BaseModel):
    """The item. What is personal is None once withdrawn. `country` and `source` are as counted."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    state: State
    signed_at: Moment
    name: str | None = None
    email: str | None = None
    country: str | None = None
    postcode: str | None = None
    source: str | None = None
    updates: bool = False
    # Who obtained it and how, and exactly what was signed and agreed to.
    obtained_by: str
    channel: Channel
    text_version: str
    consent_version: str
    confirmed_at: Moment | None = None
    withdrawn_at: Moment | None = None
    erased_at: Moment | None = None
    # When `manage.py restore` put it back from a backup.
    restored_at: Moment | None = None
    # The source its tally entry went under, where that is not its own (tallies.model.MAX_SOURCES).
    counted_source: str | None = None
    mail_kind: MailKind | None = None
    mail_requested_at: Moment | None = None
    mail_nudged_at: Moment | None = None
    mailed_at: Moment | None = None
    mails: int = 0
    # "bounced" or "complained": no mail goes there again.
    undeliverable: str | None = None
    expires_at: Epoch | None = None

    def is_over(self, now: datetime) -> bool:
        """TTL deletes within days, so an expired item must be read as gone."""
        expired = self.expires_at is not None and self.expires_at <= now
        return self.state is State.WITHDRAWN or (self.state is State.PENDING and expired)


class Finished(BaseModel):
    """A signature ready to be kept: its key and its item. The message in the overflow queue: personal data."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    slug: str
    signature_id: str
    signature: Signature

    @property
    def key(self) -> Key:
        return keys.signature(self.slug, self.signature_id)
