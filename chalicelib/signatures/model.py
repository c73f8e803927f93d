"""A signature as it is stored, and its lifecycle.

(absent) ──sign──► pending ──confirm──► confirmed
                      │                     │
                      └──────withdraw───────┴──► withdrawn ──sign──► pending
Erased means withdrawn and emptied. TTL deletes pending and withdrawn items, never confirmed ones.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainSerializer

from chalicelib.core import keys
from chalicelib.core.keys import Key
from chalicelib.core.times import ExactMoment, Moment, exact, iso
from chalicelib.signatures.letter import AskedLetter, SignedLetter

# How long a signature waits for its email. SES may need weeks to send all emails of a spike.
UNMAILED_LIFETIME = timedelta(days=60)
# A withdrawn item has no personal data. It keeps whether the address is undeliverable.
WITHDRAWN_LIFETIME = timedelta(days=90)
# A message in the overflow queue would sign again until it expires. SQS keeps it 14 days, and 14 more after each time
# that somebody moves it back from the dead letters.
ERASED_LIFETIME = UNMAILED_LIFETIME + timedelta(days=1)

# The shortest time between two emails of one signature. mail/budget.py limits all emails to one address.
MAIL_PAUSE = timedelta(minutes=1)
# The message of a request this old may be lost. Signing again then queues the request again.
NUDGE_AFTER = timedelta(minutes=10)

# Stands for our own form and API in a list of receipts.
OUR_FORM = "form"
# A limit, so that a partner cannot fill the item by sending one person under more and more identifiers.
MOST_CAME_WITH = 50

# Personal data: withdrawing removes all of these.
PERSONAL = (
    *("name", "email", "country", "postcode", "source", "counted_source", "language"),
    *("by_partner", "receipt", "also_obtained_by", "also_came_with", "letter", "letter_asked"),
)
MAIL_REQUEST = (
    *("mail_kind", "mail_requested_at", "mail_nudged_at", "mail_claimed_until", "mail_queued_at"),
    *("mail_due_at", "mail_network"),
)


class SignatureState(StrEnum):
    PENDING = "pending"
    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"


class MailKind(StrEnum):
    """Which email a signature waits for."""

    CONFIRM = "confirm"
    ALREADY_SIGNED = "already-signed"
    RECEIPT = "receipt"


# The clock of the function that dates a link and the clock of the one that withdraws may differ by this much.
CLOCK_SKEW = timedelta(minutes=1)
EpochSeconds = Annotated[Moment, PlainSerializer(lambda moment: int(moment.timestamp()), return_type=int)]


class Signature(BaseModel):
    """The item. PERSONAL fields are None once withdrawn. It is counted under `country` and `source`."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    state: SignatureState
    signed_at: Moment
    name: str | None = None
    email: str | None = None
    country: str | None = None
    postcode: str | None = None
    source: str | None = None
    # The code of the language in which it was signed. None: the main language of the petition.
    language: str | None = None
    updates: bool = False
    # The letter to the petition's targets. None: the person sends no letter.
    letter: SignedLetter | None = None
    # A letter that was typed with this address and that nobody has confirmed, although the signature is confirmed. Our
    # email offers it to the owner of the mailbox, who may send it.
    letter_asked: AskedLetter | None = None
    # Its origin (signatures.origin), and the versions of what was signed and agreed to.
    obtained_by: str
    channel: str
    text_version: str
    consent_version: str
    # The partner's receipt that it came with; absent for our own form.
    receipt: str | None = None
    # Who obtained it again later. The first origin stays.
    also_obtained_by: set[str] | None = None
    # The further receipts that it came with, and OUR_FORM if its person signed here later.
    also_came_with: set[str] | None = None
    confirmed_at: Moment | None = None
    withdrawn_at: ExactMoment | None = None
    erased_at: ExactMoment | None = None
    # When the import that it came with was undone. Its person did not withdraw.
    taken_back_at: Moment | None = None
    # When `manage.py restore` restored it from a backup.
    restored_at: Moment | None = None
    # The source it is counted under, if that differs from `source` (tallies.model.MAX_SOURCES).
    counted_source: str | None = None
    # True if it counted when a partner sent it: its owner did not confirm it by our email.
    by_partner: bool | None = None
    mail_kind: MailKind | None = None
    mail_requested_at: Moment | None = None
    mail_nudged_at: Moment | None = None
    # When a postponed email may be sent.
    mail_due_at: Moment | None = None
    # The hash of the client's network (signatures.network), until its turn for a first email is booked.
    mail_network: str | None = None
    mailed_at: Moment | None = None
    mails: int = 0
    # "bounced" or "complained": we send no more email to this address.
    undeliverable: str | None = None
    expires_at: EpochSeconds | None = None

    @property
    def all_receipts(self) -> set[str]:
        """Return the receipts that it came with, and OUR_FORM if its owner signed here."""
        return {self.receipt or OUR_FORM, *(self.also_came_with or ())}

    def has_withdrawal_after(self, issued: datetime) -> bool:
        """Return whether it was withdrawn after a link was issued. Then it cannot be confirmed by that link.

        A stranger with an old email may have signed again. Only an email sent after that shows who owns the mailbox.
        """
        return self.withdrawn_at is not None and exact(self.withdrawn_at) > latest_withdrawal(issued)

    def offers_letter(self, issued: datetime) -> bool:
        """Return whether a letter that somebody typed with its address waits for its owner to send it.

        Only the email that offers the letter has a link `issued` late enough: strangers may have an earlier link.
        """
        asked = self.letter_asked
        may_add_letter = self.state is SignatureState.CONFIRMED and self.letter is None
        return may_add_letter and asked is not None and issued >= asked.offered_from

    @property
    def is_erasure_mark(self) -> bool:
        """Return whether the item only marks an erasure: there was no signature (signatures.erase)."""
        return self.erased_at is not None and not self.channel

    def is_over(self, now: datetime) -> bool:
        """Return whether it is withdrawn, or pending and expired. TTL may delete an expired item days later."""
        expired = self.expires_at is not None and self.expires_at <= now
        return self.state is SignatureState.WITHDRAWN or (self.state is SignatureState.PENDING and expired)


def latest_withdrawal(issued: datetime) -> str:
    """Return the latest `withdrawn_at`, as stored, with which a link issued at this time still confirms."""
    return iso(issued + CLOCK_SKEW)


class NewSignature(BaseModel):
    """A signature to store: its key and its item. It is also the overflow queue's message (personal data)."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    slug: str
    signature_id: str
    signature: Signature
    # The signature in the message has only whole seconds, and the person may have withdrawn in the same second.
    signed_at: ExactMoment | None = None

    @property
    def key(self) -> Key:
        return keys.signature(self.slug, self.signature_id)
