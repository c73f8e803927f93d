"""The texts of a petition and of its letter: their types, their translations and their versions (digests)."""

from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated
from urllib.parse import parse_qs, quote_plus, urlencode, urlsplit

from pydantic import AfterValidator, Field, StringConstraints, WithJsonSchema, field_validator

from chalicelib.core.language import ENGLISH, known_language
from chalicelib.core.models import FrozenClosedModel, LazyModel
from chalicelib.core.sources import MAX_SOURCE_LENGTH
from chalicelib.core.times import Moment

if TYPE_CHECKING:
    from chalicelib.petitions.model import Petition

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Prose = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)]
EmailAddress = Annotated[str, StringConstraints(pattern=r"^[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+$", max_length=254)]
# SES accepts only ASCII before the @, and punycode for the domain. A comma is excluded: it would begin another address.
SesAddress = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$", max_length=254),
]
Code = Annotated[str, AfterValidator(known_language), WithJsonSchema({"type": "string", "examples": ["cy"]})]
Summary = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
# With a link, it fits into one post on each network.
ShareText = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=240, pattern=r"^[^\x00-\x1f\x7f]*$")
]
Wording = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]

# The most bytes of a letter's body, or of a signer's own texts, in a URL-encoded form. The whole form may have 16 KB.
MAX_LETTER_FORM_BYTES = 12_000
MAX_SUBJECT_LENGTH, MAX_BODY_LENGTH, MAX_OPENING_LENGTH = 150, 3_000, 500
MAX_OPENINGS = 10


class LetterText(FrozenClosedModel):
    """A letter's texts in one language."""

    subject: Annotated[
        str, StringConstraints(strip_whitespace=True, pattern=r"^[^\x00-\x1f\x7f]+$", max_length=MAX_SUBJECT_LENGTH)
    ]
    """The letter's subject."""
    body: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_BODY_LENGTH)]
    """The letter's text, without greeting and name. Empty lines separate paragraphs."""
    openings: Annotated[
        list[Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_OPENING_LENGTH)]],
        Field(max_length=MAX_OPENINGS),
    ] = []
    """First paragraphs to choose from. The first one is used unless the signer chooses another."""
    send_wording: Wording
    """What people agree to when they send the letter."""
    reply_wording: Wording
    """What people agree to when they let the target reply to them by email."""
    target_names: dict[str, Line] = {}
    """In a translation: the targets' names, by key."""

    @field_validator("body")
    @classmethod
    def _check_form_size(cls, body: str) -> str:
        """Raise ValueError if the body, URL-encoded, is too long for the page's form, which always sends it."""
        if len(quote_plus(body)) > MAX_LETTER_FORM_BYTES:
            raise ValueError("Shorten the letter: in this script, it is too long to send in a form")
        return body


# With a host that `urlsplit` can always read: it refuses brackets, and letters that look like others.
LINK_PATTERN = r"^https://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:[/?#]\S*)?$"


class NextStep(FrozenClosedModel):
    """What the page after a confirmation asks people to do next: to give, to join, or to sign another petition."""

    heading: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
    sentence: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
    button: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]
    """The words on the button."""
    url: Annotated[str, StringConstraints(pattern=LINK_PATTERN, max_length=500)]
    """Where the button leads. `source=petition-…` is added, unless the address has a `source`; nothing about people."""

    def address(self, slug: str) -> str:
        """Return `url` with a source that says from which petition people come: valid on our own pages too."""
        url = urlsplit(self.url)
        if "source" in parse_qs(url.query, keep_blank_values=True):
            return self.url
        source = urlencode({"source": f"petition-{slug}"[:MAX_SOURCE_LENGTH]})
        return url._replace(query=f"{url.query}&{source}" if url.query else source).geturl()


class Translation(FrozenClosedModel):
    """A petition's texts in another language. A text that is left out is taken from the main language."""

    title: Line
    summary: Summary
    text: Prose
    sign_wording: Wording
    updates_wording: Wording
    target: Line | None = None
    charity: Line | None = None
    response: Prose | None = None
    letter: LetterText | None = None
    share_text: ShareText | None = None
    next_step: NextStep | None = None


class PublicText(FrozenClosedModel):
    """When the text of this version became public."""

    version: str
    at: Moment


class PetitionText(LazyModel):
    """One version of a petition's text and wordings, kept because signatures refer to it."""

    version: str
    title: str
    text: str
    target: str
    charity: str
    sign_wording: str
    updates_wording: str
    language: str = ENGLISH
    translations: dict[str, Translation] = {}
    recorded_at: Moment
    """When this version was first stored."""

    @property
    def text_version(self) -> str:
        return self.version.partition(".")[0]

    def in_language(self, code: str | None) -> "PetitionText":
        """Return the texts as seen by people who signed in this language (None: the main language)."""
        language = code or self.language
        translation = self.translations.get(language)
        if translation is None:
            return self
        return self.model_copy(update=translation.model_dump(exclude_none=True))


def version_of(text_version: str, consent_version: str) -> str:
    """The version of a PetitionText, from the two versions that each signature stores."""
    return f"{text_version}.{consent_version}"


@lru_cache(maxsize=100)
def digest(*parts: str) -> str:
    """Return the version of these texts. Cached, because most signatures have the same texts."""
    joined = "\0".join(parts)
    return sha256(joined.encode()).hexdigest()[:12]


def text_of(petition: "Petition", now: datetime) -> PetitionText:
    # PetitionText ignores the petition's own letter, but would take the translated letters.
    translated_letters = {code: {"letter"} for code in petition.translations}
    texts = petition.model_dump(exclude={"translations": translated_letters})
    return PetitionText.model_validate({**texts, "version": petition.version, "recorded_at": now})
