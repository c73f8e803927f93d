"""Validate one signature that a partner sends. A partner is an organisation that collects signatures elsewhere."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import Field, StrictBool, StringConstraints, ValidationError, WithJsonSchema

from chalicelib.core.errors import FieldError, Invalid
from chalicelib.core.models import ClosedModel, FrozenModel
from chalicelib.core.times import ISO, Moment
from chalicelib.core.validation import Words, field_errors
from chalicelib.partners.model import VERSION_RULE, CountsWhen, Partner, Wording, WordingVersion, is_beyond_clock_error
from chalicelib.signatures.form import COUNTRY, EMAIL, LANGUAGE, MISSING, NAME, POSTCODE, WRONG, SignatureForm
from chalicelib.signatures.model import Signature

# In one request.
MAX_SIGNATURES = 100
WORDS = Words(
    {**MISSING, "consent": "Send what the person agreed to: wording, version and obtained_at"},
    {**WRONG, "consent.version": VERSION_RULE},
)
# More than enough for 100 signatures, each with a wording of 1,000 characters in any script (UTF-8).
MAX_BODY_KB = 512
MAX_IDENTIFIER_LENGTH = 100

Identifier = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_IDENTIFIER_LENGTH),
    Field(examples=["oak:41"]),
]


class PartnerConsent(ClosedModel):
    """What the person agreed to on the partner's site."""

    wording: Wording
    """The sentence that the person agreed to, in full."""
    version: WordingVersion
    """The partner's name for this wording. A different wording needs a different version."""
    obtained_at: Annotated[Moment, WithJsonSchema(ISO)]
    """When the person agreed."""
    updates: StrictBool = False
    """Whether the person also agreed to get news from the charity."""
    email: StrictBool = True
    """Whether the wording allows the charity to email the person once, to confirm."""


class PartnerSignature(ClosedModel):
    """One person's signature, as a partner sends it. No other fields are allowed."""

    identifier: Identifier
    """The partner's own id of this signature. A signature that is sent again with its id is stored only once."""
    name: Annotated[Any, WithJsonSchema(NAME)]
    """As in `Signature`."""
    email: Annotated[Any, WithJsonSchema(EMAIL)]
    """As in `Signature`."""
    country: Annotated[Any, WithJsonSchema(COUNTRY)] = "GB"
    """As in `Signature`."""
    postcode: Annotated[Any, WithJsonSchema(POSTCODE)] = None
    """As in `Signature`."""
    language: Annotated[Any, WithJsonSchema(LANGUAGE)] = None
    """As in `Signature`."""
    consent: PartnerConsent


class SentSignature(FrozenModel):
    """A valid signature. Without an `identifier`, the email address shows whether the signature was sent before.

    `row`: of an imported file. `is_dated`: the partner sent the time of the consent. Otherwise it is when it came.
    """

    identifier: str | None
    form: SignatureForm
    consent: PartnerConsent
    row: int | None = None
    is_dated: bool = True

    def may_be_older_than(self, moment: datetime) -> bool:
        return not self.is_dated or self.consent.obtained_at <= moment

    def without_stopped_updates(self, stored: Signature | None) -> Self:
        """Leave out the consent to updates if the person stopped updates here after that consent."""
        if stored is None or stored.unsubscribed_at is None or not self.may_be_older_than(stored.unsubscribed_at):
            return self
        consent = self.form.consent.model_copy(update={"updates": False})
        return self.model_copy(update={"form": self.form.model_copy(update={"consent": consent})})


class _IdentifierOptional(PartnerSignature):
    identifier: Identifier | None = None  # type: ignore[assignment]


def read_signature(
    raw: object, partner: Partner, now: datetime, row: int | None = None, *, may_lack_identifier: bool = False
) -> SentSignature:
    """Validate `raw`, a signature with the field names of PartnerSignature. Return it, or raise Invalid."""
    try:
        model = _IdentifierOptional if may_lack_identifier else PartnerSignature
        signature = model.model_validate(raw)
        consent = signature.consent
        # PartnerSignature accepts any value in these fields. SignatureForm checks them, as for our own form.
        person = signature.model_dump(include={"name", "email", "country", "postcode", "language"})
        form = SignatureForm.model_validate({**person, "consent": {"sign": True, "updates": consent.updates}})
    except ValidationError as error:
        raise Invalid(field_errors(error, WORDS)) from error
    if is_beyond_clock_error(consent.obtained_at, now):
        raise Invalid([FieldError("consent.obtained_at", "This time is in the future")])
    if partner.counts is CountsWhen.AFTER_EMAIL and not consent.email:
        message = "This partner's signatures need our email to confirm, but this consent allows no email"
        raise Invalid([FieldError("consent.email", message)])
    # A file or an OSDI client may leave the date out: then `obtained_at` is `now`. A consent without a date counts as
    # older than any withdrawal, so it brings nobody back who withdrew.
    is_dated = consent.obtained_at < now
    return SentSignature(identifier=signature.identifier, form=form, consent=consent, row=row, is_dated=is_dated)


def identifier_of(raw: object) -> str | None:
    """Return the identifier, even if other fields are invalid. Return None if it is not a text."""
    if not isinstance(raw, Mapping):
        return None
    identifier = raw.get("identifier")
    if not isinstance(identifier, str):
        return None
    return identifier.strip()[:MAX_IDENTIFIER_LENGTH]
