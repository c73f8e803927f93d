"""Validate what a supporter sends, by form or JSON, with a field error that says what to do."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    PlainValidator,
    StrictBool,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from chalicelib.core.countries import clean_country
from chalicelib.core.errors import Invalid
from chalicelib.core.sources import SOURCE_PATTERN
from chalicelib.core.validation import Words, field_errors, parsed
from chalicelib.signatures.address import Address, read_address
from chalicelib.signatures.names import clean_name, clean_postcode

# What browsers send for a ticked box; an unticked one sends nothing.
TICKED = frozenset({"yes", "on", "true", "1"})
FORM_FIELDS = ("name", "email", "country", "postcode", "source")

Name = Annotated[str, AfterValidator(clean_name)]
Country = Annotated[str, AfterValidator(clean_country)]
Source = Annotated[str, StringConstraints(pattern=SOURCE_PATTERN)]

MISSING = {
    "name": "Enter your name",
    "email": "Enter your email address",
    "consent": "Tick the box to sign the petition",
    "consent.sign": "Tick the box to sign the petition",
}
WRONG = {"source": "Use 1 to 40 lower-case letters, numbers or hyphens"}
WORDS = Words(MISSING, WRONG)


def typed_address(typed: object) -> Address:
    if not isinstance(typed, str):
        raise ValueError("Must be text")
    return read_address(typed.strip())


class Consent(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)

    sign: StrictBool
    updates: StrictBool = False

    @field_validator("sign")
    @classmethod
    def _is_given(cls, sign: bool) -> bool:
        if not sign:
            raise ValueError(MISSING["consent.sign"])
        return sign


class SignatureForm(BaseModel):
    """The request of `POST .../signatures`; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    name: Name
    email: Annotated[Address, PlainValidator(typed_address), WithJsonSchema({"type": "string", "format": "email"})]
    country: Country = "GB"
    postcode: str | None = None
    consent: Consent
    source: Source | None = None

    @field_validator("postcode")
    @classmethod
    def _fits_country(cls, postcode: str | None, info: ValidationInfo) -> str | None:
        return clean_postcode(postcode or "", info.data.get("country", ""))


def read_json(body: str) -> SignatureForm:
    """Return the form. Raise NotJson if the body is not JSON, and Invalid with the field errors otherwise."""
    return parsed(SignatureForm, body, WORDS)


def read_fields(fields: Mapping[str, str]) -> SignatureForm:
    """Return the form from HTML form fields; an empty field counts as absent. Raise Invalid."""
    filled = {name: fields[name] for name in FORM_FIELDS if fields.get(name, "").strip()}
    consent = {name: is_ticked(fields, f"consent.{name}") for name in ("sign", "updates")}
    try:
        return SignatureForm.model_validate({**filled, "consent": consent})
    except ValidationError as error:
        raise Invalid(field_errors(error, WORDS)) from error


def is_ticked(fields: Mapping[str, str], name: str) -> bool:
    return fields.get(name, "").lower() in TICKED


def as_typed(fields: Mapping[str, str]) -> dict[str, str]:
    """Return the fields to show again, without consent boxes that were not ticked."""
    return {name: value for name, value in fields.items() if not name.startswith("consent.") or is_ticked(fields, name)}


class Corrections(BaseModel):
    """What the owner of the mailbox may correct when confirming. An unset field stays as signed."""

    model_config = ConfigDict(defer_build=True)

    name: Name = ""
    postcode: str | None = None
    updates: bool = False

    @field_validator("postcode")
    @classmethod
    def _fits_country(cls, postcode: str | None, info: ValidationInfo) -> str | None:
        return clean_postcode(postcode or "", (info.context or {}).get("country", ""))
