"""What the staff's API returns about one person's signatures, emails and letters."""

from typing import Annotated, NotRequired

from pydantic import WithJsonSchema
from typing_extensions import TypedDict

from chalicelib.core.answers import Identifier, Number, Time
from chalicelib.people.access import ResendOutcome
from chalicelib.petitions.answers import Slug

STATES = ["pending", "confirmed", "held", "removed", "withdrawn", "expired", "erased"]
ACTIONS = ["resend", "access", "withdraw", "erase", "allow-mail"]
ShownState = Annotated[str, WithJsonSchema({"type": "string", "enum": STATES})]
ShownAction = Annotated[str, WithJsonSchema({"type": "string", "enum": ACTIONS})]


class PetitionName(TypedDict):
    slug: Slug
    title: str


class Person(TypedDict):
    name: str | None
    email: str | None
    country: str | None
    postcode: str | None
    source: str | None
    language: str | None
    """The code of the language in which the person signed. Null: the main language of the petition."""
    updates: bool


class SignatureTimes(TypedDict):
    signed_at: NotRequired[Time]
    """Absent once the signature is erased, as are all times before the erasure."""
    confirmed_at: NotRequired[Time]
    owner_confirmed_at: NotRequired[Time]
    """When the person confirmed by our email, if the signature counted before because a partner sent it."""
    updates_at: NotRequired[Time]
    """When the person agreed to updates, if that was after the confirmation."""
    unsubscribed_at: NotRequired[Time]
    """When the person stopped updates, even if they agreed to updates again later."""
    withdrawn_at: NotRequired[Time]
    removed_at: NotRequired[Time]
    """When staff removed it as not genuine, even if they put it back later."""
    erased_at: NotRequired[Time]
    restored_at: NotRequired[Time]
    expires_at: NotRequired[Time]


class MailState(TypedDict):
    sent: Number
    last_sent_at: Time | None
    waiting: str | None
    """The kind of email that is waiting to be sent."""
    waiting_since: Time | None
    due_at: Time | None
    """When the email may be sent, if a limit makes it wait."""
    hurried_at: Time | None
    """When the email request was queued again."""
    undeliverable: str | None
    """Why we no longer send email to this address."""
    stopped: bool
    """Whether the owner of the address wants no more email about this petition."""


class PersonSignature(TypedDict):
    petition: PetitionName
    id: Identifier
    state: ShownState
    actions: list[ShownAction]
    """What staff can do with the signature now. Each action is the last part of a route's path."""
    person: Person
    times: SignatureTimes
    mail: MailState


class PersonSignatures(TypedDict):
    signatures: list[PersonSignature]
    waiting: Number | None
    """About how many signatures, of all people, wait to be stored and cannot be found yet. Null if this is unknown."""


class ResendResult(TypedDict):
    mail: bool
    """Whether an email will be sent."""
    outcome: ResendOutcome
    message: str
    due_at: Time | None
    """With the outcome `later`: the email is sent at this time, or soon after."""


class Obtained(TypedDict):
    by: str
    also_by: list[str]
    """The charity and the partners that obtained the signature again later."""
    through: str
    source: str | None
    counted_as: str | None
    """The source that the signature is counted under, if that differs from `source`."""


class GivenConsent(TypedDict):
    to: str
    given: bool
    confirmed: bool
    wording: str | None
    """Null if we no longer know it, or if a partner asked for this consent in words that it did not send to us."""
    version: str


class SignedText(TypedDict):
    version: str
    title: str
    text: str
    target: str
    charity: str


class AgreedLetter(TypedDict):
    """A letter in full, as the person agreed, or may agree, to send it."""

    version: str
    subject: str
    opening: str
    body: str
    targets: list[str]
    send_wording: str
    reply: bool
    """Whether the targets may see the email address."""
    reply_wording: str


class LetterDelivery(TypedDict):
    """What is stored about the email with the letter to one target. It has only ids, times, the constituency of a
    member of parliament and the area of the postcode, and it is kept longer than the signature.
    """

    target: str
    member: str | None
    """The constituency, if the letter goes to a member of parliament."""
    waiting_since: Time | None
    sent_at: Time | None
    perhaps_sent_at: Time | None
    """When we found that a server had failed while it was sending the letter. The letter is not sent again."""
    in_digest_of: str | None
    """If the letter was counted in a daily email instead of sent on its own: the day of that email."""
    area: str | None
    """If the letter was counted in a daily email: the first letters of the postcode, or `none`."""
    undeliverable: str | None


class HeldLetter(TypedDict):
    agreed: AgreedLetter | None
    """Null if the person sends no letter, or withdrew."""
    asked: AgreedLetter | None
    """A letter that somebody submitted with this address, and that the person has not agreed to yet. It is sent only if
    the person sends it from the page that our email links to.
    """
    deliveries: list[LetterDelivery]


class HeldSignature(TypedDict):
    petition: PetitionName
    id: Identifier
    state: str
    person: Person
    typed_here: dict[str, str | bool | None] | None
    """What was typed here, if the signature counts with a partner's data and its owner has not confirmed it."""
    obtained: Obtained
    consents: list[GivenConsent]
    signed_text: SignedText | None
    letter: HeldLetter | None
    """Null if neither the petition nor the signature has a letter."""
    times: SignatureTimes
    mail: MailState


class FileFact(TypedDict):
    name: str
    """Empty if the value says what it is."""
    value: str


class FileSection(TypedDict):
    heading: str
    facts: list[FileFact]


class PersonFile(TypedDict):
    """All data held on a person, in words for them."""

    title: str
    prepared_at: Time
    sections: list[FileSection]
    pdf: Annotated[str, WithJsonSchema({"type": "string", "contentEncoding": "base64", "examples": ["JVBERi0xLjM="]})]
    """The same as a PDF, in base64."""


class AccessExport(TypedDict):
    prepared_at: Time
    signatures: list[HeldSignature]
    not_held: list[str]
    held_elsewhere: list[str]
