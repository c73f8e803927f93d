"""What may stand where a name or a postcode is asked for."""

import re
import unicodedata

MAX_NAME = 100
MAX_POSTCODE = 20

# Spreadsheets run a cell that starts with one of these (OWASP: CSV injection).
FORMULA_STARTS = ("=", "+", "-", "@")
# Joiners shape letters in Persian, Urdu and the Indic scripts: part of names, though "format characters".
JOINERS = frozenset("\u200c\u200d")
# Marks of direction belong to the text around a name; phones put them there unasked.
_DIRECTIONS = str.maketrans("", "", "\u200e\u200f\u061c")
# What a bad encoding leaves behind.
REPLACEMENT = "\ufffd"
# A name has no colon, no slash after a dot, and nothing that mail programs would turn into a link.
_LINK = re.compile(
    r":|\b[Ww]{3}\.|[\w-]\.[a-zA-Z]{2,}/|[\w-]{3,}\.[a-z]{2,24}\b|"
    r"(?i:\b[\w-]+\.(?:com|net|org|info|biz|io|co|uk|eu|ru|cn|xyz|online|site|shop|top|click|link)\b)"
)
# The form of a UK postcode, as published with the government's data standard (GOV.UK, BS 7666).
_UK_POSTCODE = re.compile(r"(GIR0AA|[A-Z]{1,2}[0-9][0-9A-Z]?[0-9][ABD-HJLNP-UW-Z]{2})")


def clean_name(typed: str) -> str:
    """Trimmed and in one Unicode form. Raise ValueError with a sentence for the person."""
    name = unicodedata.normalize("NFC", typed.translate(_DIRECTIONS)).strip()
    if not name:
        raise ValueError("Enter your name")
    if len(name) > MAX_NAME:
        raise ValueError(f"Your name must be {MAX_NAME} characters or fewer")
    if name.startswith(FORMULA_STARTS):
        raise ValueError("Your name must not start with = + - or @")
    if _has_controls(name) or not any(character.isalpha() for character in name):
        raise ValueError("Enter your name using letters")
    if _LINK.search(name):
        raise ValueError("Enter your name without a link or web address; put a space after a dot")
    return name


def clean_postcode(typed: str, country: str) -> str | None:
    """Upper case; for GB in its usual form ("SW1A 1AA"). None when left empty."""
    postcode = " ".join((typed.upper() if typed.isascii() else typed).split())
    if not postcode:
        return None
    if country == "GB":
        return _uk_postcode(postcode)
    if len(postcode) > MAX_POSTCODE or not re.fullmatch(r"[A-Z0-9][A-Z0-9 -]*", postcode):
        raise ValueError("Enter a postcode using letters, digits, spaces and hyphens, or leave it empty")
    return postcode


def _uk_postcode(postcode: str) -> str:
    joined = postcode.replace(" ", "")
    if not _UK_POSTCODE.fullmatch(joined):
        raise ValueError("Enter a full UK postcode, such as SW1A 1AA, or leave it empty")
    return f"{joined[:-3]} {joined[-3:]}"


def _has_controls(text: str) -> bool:
    return any(_is_control(character) for character in text)


def _is_control(character: str) -> bool:
    """Controls, surrogates, private use, and what breaks a line."""
    category = unicodedata.category(character)
    return (category[0] == "C" and character not in JOINERS) or category in ("Zl", "Zp") or character == REPLACEMENT
