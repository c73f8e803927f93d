"""Email addresses: the form that we send to, and the canonical form that identifies a person."""

import unicodedata
from dataclasses import dataclass
from hashlib import sha256
from hmac import digest

GMAIL = frozenset({"gmail.com", "googlemail.com"})
# SES accepts only ASCII local parts. Reserved names such as .test never receive email, but rehearsals use them.
RULES = {"allow_smtputf8": True, "check_deliverability": False, "test_environment": True, "strict": True}

ID_BYTES = 16

# Spaces, and invisible characters that copying brings along.
_BLANK = " \t\r\n\u00a0\u200b\u200e\u200f\u2060\ufeff"
_ENDS = (".", ",", ";")
_LINK = "mailto:"


class AddressError(ValueError):
    """We cannot send email to this address. The message is shown to the person who typed it."""


@dataclass(frozen=True)
class Address:
    """`deliverable` is the typed address with its domain in ASCII, for SES; `canonical` identifies the person."""

    deliverable: str
    canonical: str


def read_address(typed: str) -> Address:
    """Return the address. Raise AddressError with a sentence that says what to do."""
    # Imported here because it compiles Unicode patterns for 20 ms, and only signing needs it.
    from email_validator import EmailNotValidError, validate_email

    try:
        valid = validate_email(unpasted(typed), **RULES)  # type: ignore[arg-type]
    except EmailNotValidError as error:
        raise AddressError("Enter an email address in the correct format, like name@example.org") from error
    if not valid.local_part.isascii():
        raise AddressError("We cannot send email to addresses with letters like these before the @. Use another one")
    if not valid.ascii_domain:
        raise AddressError("Enter an email address in the correct format, like name@example.org")
    return Address(f"{valid.local_part}@{valid.ascii_domain}", canonical(valid.local_part, valid.ascii_domain))


def unpasted(typed: str) -> str:
    """Remove what copying an address adds: spaces, mailto:, a name and <...>, one dot or comma at the end.

    Anything else stays as typed, and is refused: a guess could send the email to somebody else.
    """
    text = typed.strip(_BLANK)
    if text.endswith(_ENDS):
        text = text[:-1].rstrip(_BLANK)
    name, _, within = text.removesuffix(">").rpartition("<") if text.endswith(">") else ("", "", text)
    if "@" in name and name.strip(_BLANK) != within:
        return typed  # Two people, perhaps.
    text = within.strip(_BLANK)
    if text[: len(_LINK)].lower() == _LINK:
        text = text[len(_LINK) :].partition("?")[0].strip(_BLANK)
    local, at, domain = text.partition("@")
    return f"{local.rstrip(_BLANK)}{at}{domain.lstrip(_BLANK)}"


def canonical(local: str, domain: str) -> str:
    """Remove the differences that mail providers ignore. Idempotent.

    At every provider: case, Unicode form and +tag. At Gmail also dots, and googlemail.com is gmail.com.
    """
    local = unicodedata.normalize("NFKC", local).casefold()
    domain = domain.casefold()
    local = local.partition("+")[0] or local
    if domain in GMAIL:
        local, domain = local.replace(".", "") or local, "gmail.com"
    return f"{local}@{domain}"


def signature_id(slug: str, canonical_address: str, secret: str) -> str:
    """Return 128 bits of an HMAC as hex. It includes the slug, so ids do not link a person's petitions."""
    return digest(secret.encode(), f"{slug}\0{canonical_address}".encode(), sha256)[:ID_BYTES].hex()
