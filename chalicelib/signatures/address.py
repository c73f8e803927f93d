"""E-mail addresses: as mail is sent to them, and the one canonical form by which a person signs once."""

import unicodedata
from dataclasses import dataclass
from hashlib import sha256
from hmac import digest

GMAIL = frozenset({"gmail.com", "googlemail.com"})
# SES takes ASCII local parts only. Reserved names such as .test never receive mail, but rehearsals use them.
RULES = {"allow_smtputf8": True, "check_deliverability": False, "test_environment": True, "strict": True}

ID_BYTES = 16


class AddressError(ValueError):
    """An address we cannot send mail to; the message is for the person who typed it."""


@dataclass(frozen=True)
class Address:
    """`deliverable` is what was typed, with the domain as SES wants it; `canonical` is who that is."""

    deliverable: str
    canonical: str


def read_address(typed: str) -> Address:
    """Raise AddressError with a sentence that says what to do."""
    # Imported here: its expressions for all of Unicode take 20 ms, which only signing has to pay.
    from email_validator import EmailNotValidError, validate_email

    try:
        valid = validate_email(typed, **RULES)  # type: ignore[arg-type]
    except EmailNotValidError as error:
        raise AddressError("Enter an e-mail address in the form name@example.org") from error
    if not valid.local_part.isascii():
        raise AddressError("We cannot send mail to addresses with letters like these before the @; use another one")
    if not valid.ascii_domain:
        raise AddressError("Enter an e-mail address in the form name@example.org")
    return Address(f"{valid.local_part}@{valid.ascii_domain}", canonical(valid.local_part, valid.ascii_domain))


def canonical(local: str, domain: str) -> str:
    """Fold what mail providers do not distinguish; idempotent.

    Case and Unicode form everywhere; +tag everywhere; dots at Gmail, which is also googlemail.com.
    """
    local = unicodedata.normalize("NFKC", local).casefold()
    domain = domain.casefold()
    local = local.partition("+")[0] or local
    if domain in GMAIL:
        local, domain = local.replace(".", "") or local, "gmail.com"
    return f"{local}@{domain}"


def signature_id(slug: str, canonical_address: str, secret: str) -> str:
    """128 bits of HMAC, as hex. The slug is in it: nobody can link one person's petitions by their ids."""
    return digest(secret.encode(), f"{slug}\0{canonical_address}".encode(), sha256)[:ID_BYTES].hex()
