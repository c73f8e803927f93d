from typing import Annotated, Literal, NotRequired

from pydantic import Field, WithJsonSchema
from typing_extensions import TypedDict

from chalicelib.core.answers import Confirmed, Time, Url, Version
from chalicelib.petitions import model
from chalicelib.petitions.model import Goal, PetitionState
from chalicelib.petitions.text import PetitionText

Slug = Annotated[model.Slug, Field(description="The petition's name in URLs.")]


class PublicPetition(TypedDict):
    slug: Slug
    title: str
    languages: Annotated[list[str], Field(examples=[["en", "cy"]])]
    """The codes of the petition's languages, its main language first. `?lang=` chooses a language."""
    text_version: Version
    """A digest of title, text and target, in all languages. A new text or translation has a new version."""
    target: str
    """Who the petition is addressed to."""
    state: Annotated[PetitionState, WithJsonSchema({"type": "string", "enum": ["open", "paused", "closed"]})]
    goal: Goal
    """The first goal (in confirmed signatures) that is not reached yet, or the last goal."""
    opened_at: Time
    """When the petition opened."""
    closes_at: Time | None
    """When the petition closes, or null."""
    count: Confirmed
    """The number of confirmed signatures, a few seconds old."""


class ConsentWording(TypedDict):
    """What people agree to. Show the wording beside a box that is not ticked."""

    name: Literal["sign", "updates"]
    """The name of the field in a signature's `consent`."""
    wording: str
    version: Version
    """A digest of both wordings, in all languages. Each signature stores the version that its signer agreed to."""


class Privacy(TypedDict):
    """Who is responsible for personal details, and the notice to show or link to where people sign."""

    controller: str
    contact: Annotated[str, Field(json_schema_extra={"format": "email"})]
    policy_url: Url | None
    """The controller's general policy."""
    retention_months: model.RetentionMonths | None
    """How many months after its closing or hand-in, whichever is later, the personal details are deleted."""
    notice_url: Url
    notice_html: str
    """The notice as a `section` of HTML, without styles or scripts. With `?lang=`, it is in that language."""


class LetterConsent(TypedDict):
    """What people agree to when they send the letter. Show the wording beside a box that is not ticked."""

    name: Literal["send", "reply"]
    """The name of the field in a signature's `letter`."""
    wording: str
    version: Version
    """A digest of the letter and both wordings, in all languages. A signature stores the version that was signed."""


class PublicLetter(TypedDict):
    """A letter that people may send to the petition's targets when they sign. With `?lang=`, it is in that language."""

    subject: str
    body: str
    """Plain text, without greeting and name. Empty lines separate paragraphs."""
    openings: list[str]
    """First paragraphs to choose from. Without a choice, the letter begins with the first one."""
    targets: Annotated[list[str], Field(examples=[["Home Secretary"]])]
    """The names of the letter's recipients. Their addresses are not public."""
    may_edit: bool
    """Whether people may change subject and body, and write an opening of their own."""
    consents: list[LetterConsent]


class MayHaveLetter(TypedDict):
    letter: NotRequired[PublicLetter]
    """Absent if the petition has no letter."""


class RemovedSignatures(TypedDict):
    """Signatures that turned out not to be genuine. The number of signatures does not include them."""

    count: Annotated[int, Field(ge=0, examples=[1204])]
    """How many are still removed. 0: all were put back."""
    on: Annotated[str, Field(examples=["2026-05-03"])]
    """The day (UTC) on which they were removed, and subtracted."""
    reason: str
    """In the words of the charity's staff."""
    put_back: NotRequired[Annotated[int, Field(ge=1, examples=[1204])]]
    """How many count again, because the removal was a mistake. Absent: none."""
    put_back_on: NotRequired[Annotated[str, Field(examples=["2026-05-05"])]]
    """The day (UTC) on which the last of them were put back."""


class FullPetition(PublicPetition, MayHaveLetter):
    """One petition, with what a page needs to show it and to collect signatures."""

    summary: str
    text: str
    """Markdown, as staff typed it: paragraphs, headings, lists, quotes, emphasis, and links to https addresses."""
    charity: str
    """The charity that runs the petition."""
    url: Url
    """The petition's page."""
    handed_in_at: Time | None
    """When the signatures were handed in."""
    responded_at: Time | None
    """When the target answered."""
    response: str | None
    """What the target answered. Empty lines separate paragraphs."""
    removed: list[RemovedSignatures]
    """Oldest first. Those that were put back stay in the list."""
    consents: list[ConsentWording]
    privacy: Privacy


class PublicPetitions(TypedDict):
    petitions: list[PublicPetition]


class PublicCount(TypedDict):
    slug: Slug
    count: Confirmed
    """Confirmed signatures."""
    goal: Annotated[Goal, Field(examples=[20000])]
    as_of: Time
    """The moment (UTC) of the count."""
    may_need_proof: NotRequired[Literal[True]]
    """Only if a signature may need a proof of work now: then ask for a challenge before you send one."""


class PossibleTransition(TypedDict):
    state: PetitionState
    schedules: Literal["opened_at", "closes_at"] | None
    """The field that a later time (`at`) sets. Null if the change can only happen now."""
    needs_reason: bool
    """Whether a `reason` must be given."""


class PetitionVersion(PetitionText):
    """One version of a petition's text and wordings."""

    version: Annotated[str, Field(pattern=r"^[0-9a-f]{12}\.[0-9a-f]{12}$")]
    """The text_version and the consent_version, joined by a dot."""
    current: bool
    """Whether people sign this version now."""


class PetitionVersions(TypedDict):
    slug: Slug
    versions: list[PetitionVersion]


class Preview(TypedDict):
    url: Url
    expires_at: Time
    """When the link stops working: in one hour."""


# Their fields are those of the model Petition: stack/openapi/petitions.py makes their schemas.
class NewPetition(TypedDict):
    pass


class PetitionEdited(TypedDict):
    pass


class ManagedPetition(TypedDict):
    pass
