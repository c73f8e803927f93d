"""Validate what a supporter sends to sign or to correct a signature. Each field error says what to do."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import (
    AfterValidator,
    PlainValidator,
    StrictBool,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from chalicelib.core.address import Address, read_address
from chalicelib.core.errors import Invalid
from chalicelib.core.language import clean_country, known_language, translatable
from chalicelib.core.models import ClosedModel, LazyModel
from chalicelib.core.sources import SOURCE_PATTERN
from chalicelib.core.validation import Words, field_errors, is_ticked, parse_body
from chalicelib.signatures.letter_form import LetterForm, letter_fields
from chalicelib.signatures.names import clean_name, clean_postcode

FORM_FIELDS = ("name", "email", "country", "postcode", "source", "language")

# JSON schemas for the API's documentation. The docstrings of the fields describe the rules that a schema cannot.
NAME = {
    "type": "string",
    "minLength": 1,
    "pattern": r"^\s*[^\s=+\-@](?:[\s\S]{0,98}\S)?\s*$",
    "examples": ["Zoë O'Neill"],
}
EMAIL = {"type": "string", "format": "idn-email", "examples": ["zoe@example.org"]}
COUNTRY = {"type": "string", "pattern": r"^\s*[A-Za-z]{2}\s*$", "examples": ["GB"]}
POSTCODE = {"type": ["string", "null"], "pattern": r"^[A-Za-z0-9\s-]*$", "examples": ["SW1A 1AA"]}
SOURCE = {"type": "string", "pattern": SOURCE_PATTERN, "examples": ["bbc-news"]}
LANGUAGE = {"type": ["string", "null"], "pattern": "^[A-Za-z-]*$", "examples": ["cy"]}
ALWAYS_TRUE = {"type": "boolean", "const": True}

Name = Annotated[str, AfterValidator(clean_name), WithJsonSchema(NAME)]
CountryCode = Annotated[str, AfterValidator(clean_country), WithJsonSchema(COUNTRY)]
LanguageCode = Annotated[str, AfterValidator(known_language), WithJsonSchema(LANGUAGE)]
Source = Annotated[str, StringConstraints(pattern=SOURCE_PATTERN), WithJsonSchema(SOURCE)]

NOT_TICKED = translatable("Tick the box to sign the petition")
MISSING = {
    "name": translatable("Enter your name"),
    "email": translatable("Enter your email address"),
    "consent": NOT_TICKED,
    "consent.sign": NOT_TICKED,
}
WRONG = {"source": translatable("Use 1 to 40 lower-case letters, numbers or hyphens")}
WORDS = Words(MISSING, WRONG)


def typed_address(typed: object) -> Address:
    """Return the email address that somebody typed. Raise ValueError if it is invalid."""
    if not isinstance(typed, str):
        raise ValueError("Must be text")
    return read_address(typed)


class Consent(ClosedModel):
    """What the person agreed to. Ask for each consent separately."""

    sign: Annotated[StrictBool, WithJsonSchema(ALWAYS_TRUE)]
    """The person signs, and agrees that their name is shared as the petition's page says. Must be true. Never tick it
    for them.
    """
    updates: StrictBool = False
    """The person wants news from the charity. Ask for this consent separately."""

    @field_validator("sign")
    @classmethod
    def _check_ticked(cls, sign: bool) -> bool:
        if not sign:
            raise ValueError(NOT_TICKED)
        return sign


class SignatureForm(ClosedModel):
    """One person's signature. Other fields are refused."""

    name: Name
    """1 to 100 characters after trimming, with at least one letter of any script. No control characters, no links, and
    not starting with = + - or @.
    """
    email: Annotated[Address, PlainValidator(typed_address), WithJsonSchema(EMAIL)]
    """We send the confirmation email to this address as typed, without what copying adds: spaces, `mailto:`, a name and
    `<...>`, one dot, comma or semicolon at the end. The domain may be international. The part before the @ must be
    ASCII. One person counts once, however they write their address: `A.Lice+x@googlemail.com` is `alice@gmail.com`.
    """
    country: CountryCode = "GB"
    """ISO 3166-1 alpha-2 code of the country where the person lives, in upper or lower case."""
    postcode: Annotated[str | None, WithJsonSchema(POSTCODE)] = None
    """Optional: may be empty or null. For GB a full UK postcode, stored in its usual form (`sw1a1aa`, `SW1A-1AA` and
    `SWIA 1AA` become `SW1A 1AA`), or a British forces number (`BFPO 61`). For other countries up to 20 letters, digits,
    spaces and hyphens.
    """
    consent: Consent
    source: Source | None = None
    """Optional: the campaign, site or partner that the signature came through. Staff see counts by source."""

    language: LanguageCode | None = None
    """Optional: the code of the language in which the person signs. Emails and pages are in this language."""
    letter: LetterForm | None = None
    """Optional, where the petition has a letter: send it to the petition's targets in the person's name."""
    proof: str | None = None
    """Optional: a solved challenge of `POST /api/petitions/{slug}/challenge`, for the same address, as base64. A proof
    that is not valid counts as none.
    """

    @field_validator("postcode")
    @classmethod
    def _clean_for_country(cls, postcode: str | None, info: ValidationInfo) -> str | None:
        country = info.data.get("country", "")  # "" if the country is invalid: pydantic then leaves it out.
        return clean_postcode(postcode or "", country)


def read_json(body: str) -> SignatureForm:
    """Return the form. Raise NotJson if the body is not JSON, and Invalid if a field is invalid."""
    return parse_body(SignatureForm, body, WORDS)


def read_fields(fields: Mapping[str, str]) -> SignatureForm:
    """Read the fields of an HTML form. An empty field counts as absent. Raise Invalid if a field is invalid."""
    filled = {name: fields[name] for name in FORM_FIELDS if fields.get(name, "").strip()}
    consent = {name: is_ticked(fields, f"consent.{name}") for name in ("sign", "updates")}
    try:
        return SignatureForm.model_validate({**filled, "consent": consent, "letter": letter_fields(fields)})
    except ValidationError as error:
        raise Invalid(field_errors(error, WORDS)) from error


def as_typed(fields: Mapping[str, str]) -> dict[str, str]:
    """Return the values with which the form is shown again: it ticks every checkbox that has a value."""
    values = dict(fields)
    for name in fields:
        is_checkbox = name.startswith("consent.") or name in ("letter.send", "letter.reply")
        if is_checkbox and not is_ticked(fields, name):
            del values[name]
    return values


class Corrections(LazyModel):
    """What the owner of the mailbox may correct. An unset field stays as signed, without `updates` (NOT_GIVEN)."""

    name: Name = ""
    country: CountryCode = ""
    postcode: str | None = None
    updates: bool = False

    @field_validator("postcode")
    @classmethod
    def _clean_for_country(cls, postcode: str | None, info: ValidationInfo) -> str | None:
        context = info.context or {}  # `read_corrections` passes the signature's country.
        country = info.data.get("country") or context.get("country", "")
        return clean_postcode(postcode or "", country)
