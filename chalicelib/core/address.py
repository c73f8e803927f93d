"""Email addresses: the form that we send to, the canonical form that identifies a person, and hashes of both."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from hmac import digest

GMAIL = frozenset({"gmail.com", "googlemail.com"})
# SES accepts only ASCII before the @. allow_smtputf8: `read_address` refuses other letters with a clear message.
# test_environment: .test is allowed for rehearsals.
VALIDATOR_OPTIONS = {"allow_smtputf8": True, "check_deliverability": False, "test_environment": True, "strict": True}

HASH_BYTES = 16  # 128 bits: in practice, no two people share a hash.

# Spaces, and invisible characters that copying adds. Windows and phones put marks of the direction around an address.
_BLANK = (
    " \t\r\n\u00a0\u00ad\u061c\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u202f"
    "\u2060\u2066\u2067\u2068\u2069\u3000\ufeff"
)
_ENDINGS = (".", ",", ";")
_MAILTO = "mailto:"


# In characters (RFC 5321). Longer texts are refused unread: the time of parsing grows faster than their length.
MAX_LENGTH = 254
WRONG_FORMAT = "Enter an email address in the correct format, like name@example.org"


class AddressError(ValueError):
    """We cannot send email to this address. The message is shown to the person who typed it."""


@dataclass(frozen=True)
class Address:
    """`deliverable`: the typed address, with its domain in ASCII for SES. `canonical` identifies the person."""

    deliverable: str
    canonical: str


def read_address(typed: str) -> Address:
    """Return the address. Raise AddressError with a sentence that says what to do."""
    # Imported here because it compiles Unicode patterns for 20 ms, and many cold starts read no address.
    from email_validator import EmailNotValidError, validate_email

    stripped = strip_pasted(typed)
    if len(stripped) > MAX_LENGTH:
        raise AddressError(WRONG_FORMAT)
    try:
        valid = validate_email(stripped, **VALIDATOR_OPTIONS)  # type: ignore[arg-type]
    except EmailNotValidError as error:
        raise AddressError(WRONG_FORMAT) from error
    if not valid.local_part.isascii():
        raise AddressError("We cannot send email to addresses with letters like these before the @. Use another one")
    # `ascii_domain` is in lower case, but we send to the address as it was typed.
    typed_domain = valid.original.rpartition("@")[2]
    domain = typed_domain if typed_domain.isascii() else valid.ascii_domain
    return Address(f"{valid.local_part}@{domain}", canonical(valid.local_part, valid.ascii_domain))


def strip_pasted(typed: str) -> str:
    """Remove what copying adds: spaces, mailto:, a name and <...>, one dot, comma or semicolon at the end.

    Other wrong text stays, and `read_address` refuses it: a guess could send the email to somebody else.
    """
    text = typed.strip(_BLANK)
    if text.endswith(_ENDINGS):
        text = text[:-1].rstrip(_BLANK)
    name, address = "", text
    if text.endswith(">"):
        name, _, address = text.removesuffix(">").rpartition("<")
    if "@" in name and name.strip(_BLANK) != address:
        return typed  # "a@example.org <b@example.org>": the name is an address too, perhaps of another person.
    text = address.strip(_BLANK)
    if text[: len(_MAILTO)].lower() == _MAILTO:
        without_scheme = text[len(_MAILTO) :]
        text = without_scheme.partition("?")[0].strip(_BLANK)
    local, at, domain = text.partition("@")
    return f"{local.rstrip(_BLANK)}{at}{domain.lstrip(_BLANK)}"


def canonical(local: str, domain: str) -> str:
    """Remove the differences that providers ignore. Idempotent.

    These are case, Unicode form and +tag. Gmail also ignores dots, and googlemail.com is gmail.com.
    """
    local = unicodedata.normalize("NFKC", local).casefold()
    domain = domain.casefold()
    # If nothing would be left, the local part stays whole.
    local = local.partition("+")[0] or local
    if domain in GMAIL:
        local, domain = local.replace(".", "") or local, "gmail.com"
    return f"{local}@{domain}"


def canonical_of(deliverable: str) -> str:
    local, _, domain = deliverable.rpartition("@")
    return canonical(local, domain)


def signature_id(slug: str, canonical_address: str, secret: str) -> str:
    """Return 128 bits of an HMAC as hex. With the slug, so that a person has a different id in each petition."""
    mac = digest(secret.encode(), f"{slug}\0{canonical_address}".encode(), sha256)
    return mac[:HASH_BYTES].hex()


def oldest_secret(secrets: Mapping[str, str]) -> str:
    """Return the first. It stays in use: people's choices to stop email are stored under its hashes."""
    return next(iter(secrets.values()))


def pseudonym(secret: str, *parts: str) -> str:
    """Return 128 bits of an HMAC as hex. The first part is the purpose, so that no two purposes share a hash."""
    message = "\0".join(parts)
    mac = digest(secret.encode(), message.encode(), sha256)
    return mac[:HASH_BYTES].hex()


# Providers of email with so many users that nothing follows from how many of them sign.
# fmt: off
LARGE_PROVIDERS = frozenset({
    "aol.co.uk", "aol.com", "btinternet.com", "fastmail.com", "free.fr", "gmail.com", "gmx.com", "gmx.de", "gmx.net",
    "googlemail.com", "hotmail.co.uk", "hotmail.com", "hotmail.fr", "icloud.com", "laposte.net", "libero.it",
    "live.co.uk", "live.com", "mac.com", "mail.com", "mail.ru", "me.com", "msn.com", "ntlworld.com", "o2.co.uk",
    "orange.fr", "outlook.com", "plusnet.com", "proton.me", "protonmail.com", "qq.com", "rocketmail.com", "sky.com",
    "t-online.de", "talktalk.net", "tiscali.co.uk", "virgin.net", "virginmedia.com", "wanadoo.fr", "web.de",
    "yahoo.co.uk", "yahoo.com", "yandex.ru", "ymail.com",
})
# fmt: on
