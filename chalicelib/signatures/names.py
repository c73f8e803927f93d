"""Clean and validate names and postcodes."""

import re
import unicodedata

MAX_NAME = 100
MAX_POSTCODE = 20

# Spreadsheets run a cell that starts with one of these (OWASP: CSV injection).
FORMULA_STARTS = ("=", "+", "-", "@")
# Joiners shape letters in Persian, Urdu and the Indic scripts. They are part of names, although Unicode calls them
# format characters.
JOINERS = frozenset("\u200c\u200d")
# Direction marks are not part of a name; some phones insert them.
_DIRECTIONS = str.maketrans("", "", "\u200e\u200f\u061c")
# Decoders insert this character for bytes that they cannot decode.
REPLACEMENT = "\ufffd"
# A colon, a slash after a dot, or anything that mail programs turn into a link.
_LINK = re.compile(
    r":|\b[Ww]{3}\.|[\w-]\.[a-zA-Z]{2,}/|[\w-]{3,}\.[a-z]{2,24}\b|"
    r"(?i:\b[\w-]+\.(?:com|net|org|info|biz|io|co|uk|eu|ru|cn|xyz|online|site|shop|top|click|link)\b)"
)
# The form of a UK postcode, as published with the government's data standard (GOV.UK, BS 7666).
_UK_POSTCODE = re.compile(r"(GIR0AA|[A-Z]{1,2}[0-9][0-9A-Z]?[0-9][ABD-HJLNP-UW-Z]{2})")


def clean_name(typed: str) -> str:
    """Return the name trimmed and in NFC. Raise ValueError with a sentence for the person."""
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
        raise ValueError("Enter your name without a web address. Put a space after any full stop")
    return name


def clean_postcode(typed: str, country: str) -> str | None:
    """Return the postcode in upper case, for GB in its usual form ("SW1A 1AA"); None if empty. Raise ValueError."""
    postcode = " ".join((typed.upper() if typed.isascii() else typed).split())
    if not postcode:
        return None
    if country == "GB":
        return _uk_postcode(postcode)
    if len(postcode) > MAX_POSTCODE or not re.fullmatch(r"[A-Z0-9][A-Z0-9 -]*", postcode):
        raise ValueError("Enter a postcode using letters, numbers, spaces and hyphens, or leave it blank")
    return postcode


def _uk_postcode(postcode: str) -> str:
    joined = postcode.replace(" ", "")
    if not _UK_POSTCODE.fullmatch(joined):
        raise ValueError("Enter a full UK postcode, like SW1A 1AA, or leave it blank")
    return f"{joined[:-3]} {joined[-3:]}"


def _has_controls(text: str) -> bool:
    return any(_is_control(character) for character in text)


def _is_control(character: str) -> bool:
    """Return whether it is a control, format, surrogate, private use, unassigned or line-breaking character."""
    category = unicodedata.category(character)
    return (category[0] == "C" and character not in JOINERS) or category in ("Zl", "Zp") or character == REPLACEMENT
