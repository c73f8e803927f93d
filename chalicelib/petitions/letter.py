"""The letter that signers can send to the petition's targets: its texts, its targets, and how each target gets it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from chalicelib.core.address import canonical_of
from chalicelib.core.models import FrozenClosedModel, LazyModel
from chalicelib.core.times import Moment
from chalicelib.petitions.text import LetterText, Line, SesAddress, Translation, digest

if TYPE_CHECKING:
    from chalicelib.petitions.answers import MayHaveLetter, PublicLetter
    from chalicelib.petitions.model import Petition

TARGET_KEY_PATTERN = r"^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$"
MAX_TARGETS = 20

TargetKey = Annotated[str, StringConstraints(pattern=TARGET_KEY_PATTERN), Field(examples=["home-secretary"])]


class Single(FrozenClosedModel):
    """Each letter is an email of its own, sent as soon as possible, but not while many confirmation emails wait."""

    mode: Literal["single"] = "single"


class Paced(FrozenClosedModel):
    """Each letter is an email of its own. The emails are spread evenly over the working hours."""

    mode: Literal["paced"]
    per_hour: Annotated[int, Field(ge=1, le=10_000)]
    """The most letters in an hour."""
    from_hour: Annotated[int, Field(ge=0, le=23)] = 9
    """The first hour in which letters are sent, from Monday to Friday, in the time of London."""
    to_hour: Annotated[int, Field(ge=1, le=24)] = 17
    """The hour at which sending stops."""

    @model_validator(mode="after")
    def _check_hours(self) -> "Paced":
        if self.to_hour <= self.from_hour:
            raise ValueError("The hour at which sending stops must be later than the first hour")
        return self


class Digest(FrozenClosedModel):
    """The first letters are emails of their own. Then one email a day says how many letters are new, and shows some."""

    mode: Literal["digest"]
    first: Annotated[int, Field(ge=0, le=10_000)]
    """How many letters are sent as emails of their own."""


class LetterTarget(FrozenClosedModel):
    """Somebody who gets the letters. The public sees the name, and never the address."""

    key: TargetKey
    """The target's id. Never change it: each person's letter is sent once for each key."""
    name: Line
    """The name, as written after "Dear": `Home Secretary`."""
    email: SesAddress | None = None
    """Where the letters go. Leave it out with `members`."""
    members: bool = False
    """Each letter goes to the member of parliament for its sender's postcode, from the charity's own tables."""
    test_to: SesAddress | None = None
    """Test mode: letters go to this address of staff, marked as tests, and no letter goes to the target."""
    delivery: Annotated[Single | Paced | Digest, Field(discriminator="mode")] = Single()

    @model_validator(mode="after")
    def _check_recipients(self) -> "LetterTarget":
        has_email = self.email is not None
        if self.members == has_email:  # The target has both, or neither.
            raise ValueError("A target has either an email address or members = true")
        if self.members and not isinstance(self.delivery, Single):
            raise ValueError("Letters to members of parliament go singly")
        return self


class Letter(LetterText):
    """The letter in the petition's main language, and its targets."""

    targets: Annotated[list[LetterTarget], Field(min_length=1, max_length=MAX_TARGETS)]
    may_edit: bool = True
    """Whether signers may change the subject and the text, and write an opening of their own."""

    @field_validator("targets")
    @classmethod
    def _check_targets(cls, targets: list[LetterTarget]) -> list[LetterTarget]:
        different_keys = {target.key for target in targets}
        if len(different_keys) < len(targets):
            raise ValueError("Each target needs a key of its own")
        members = [target for target in targets if target.members]
        if len(members) > 1:
            raise ValueError("Only one target can be the members of parliament")
        return targets

    def translated(self, text: LetterText | None) -> "Letter":
        if text is None:
            return self
        targets = []
        for target in self.targets:
            name = text.target_names.get(target.key, target.name)
            targets.append(target.model_copy(update={"name": name}))
        translated_fields = dict(text)  # All fields that Letter inherits from LetterText, also `target_names`.
        return self.model_copy(update={**translated_fields, "targets": targets})

    def has_address(self, member_email: str, among: Sequence[LetterTarget]) -> bool:
        """Return whether the member of parliament with this address is also a target, and so gets no second letter.

        `among`: the targets agreed to, perhaps of an older version. So take addresses from this letter.
        """
        keys = {target.key for target in among}
        emails = [target.email for target in self.targets if target.key in keys]
        addresses = [canonical_of(target_email) for target_email in emails if target_email]
        return canonical_of(member_email) in addresses

    @property
    def is_to_members(self) -> bool:
        """Return whether a target is each signer's own member of parliament."""
        return any(target.members for target in self.targets)

    def target(self, key: str) -> LetterTarget | None:
        return next((target for target in self.targets if target.key == key), None)


class LetterVersion(LazyModel):
    """One version of a petition's letter, kept because signatures refer to it."""

    version: str
    letter: Letter
    language: str
    translations: dict[str, LetterText] = {}
    recorded_at: Moment
    """When this version was first stored."""

    def in_language(self, code: str | None) -> Letter:
        """Return the letter as seen by people who signed in this language (None: the main language)."""
        return self.letter.translated(self.translations.get(code or self.language))


def version_of_letter(letter: Letter | None, translations: Mapping[str, Translation]) -> str:
    """Return a digest of what a signer agrees to send, in all languages, without addresses; "" without a letter."""
    if letter is None:
        return ""
    parts = _agreed_texts(letter)
    parts += [f"{target.key} {target.name}" for target in letter.targets]
    parts += [f"members {target.key}" for target in letter.targets if target.members]
    for code in sorted(translations):
        if text := translations[code].letter:
            parts += [code, *_agreed_texts(text)]
    return digest(*parts)


def _agreed_texts(text: LetterText) -> list[str]:
    names = [f"{key} {name}" for key, name in sorted(text.target_names.items())]
    return [text.subject, text.body, *text.openings, text.send_wording, text.reply_wording, *names]


def public_letter(petition: "Petition") -> "MayHaveLetter":
    """Return the field `letter` of a public petition, without the targets' addresses; {} if there is no letter."""
    letter, version = petition.letter, petition.letter_version
    if letter is None:
        return {}
    shown: PublicLetter = {
        "subject": letter.subject,
        "body": letter.body,
        "openings": letter.openings,
        "targets": [target.name for target in letter.targets],
        "may_edit": letter.may_edit,
        "consents": [
            {"name": "send", "wording": letter.send_wording, "version": version},
            {"name": "reply", "wording": letter.reply_wording, "version": version},
        ],
    }
    return {"letter": shown}
