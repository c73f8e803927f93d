"""Clean and validate names and postcodes, and keep links and messages out of the names in our emails."""

import re
import unicodedata

from chalicelib.core.printable import ENCODED_WORD, INVISIBLE, JOINERS, has_unprintable
from chalicelib.core.web_addresses import web_addresses

MAX_NAME = 100
MAX_POSTCODE = 20

# Spreadsheets run a cell that starts with one of these as a formula (OWASP: CSV injection).
FORMULA_STARTS = ("=", "+", "-", "@")
# Copying adds these; they would hide a formula from the checks.
_EDGES = re.compile(rf"^[\s{INVISIBLE}]+|[\s{INVISIBLE}]+$")
# Direction marks are not part of a name; some phones insert them.
_DIRECTIONS = str.maketrans("", "", "\u200e\u200f\u061c")
# People write titles without a space: "Prof.dr.Schmidt" looks like a web address, as some surnames are domains.
_TITLES = frozenset({"dr", "prof", "mr", "mrs", "ms", "mx", "miss", "sir", "rev", "st", "ing", "dipl", "mag", "med"})
# A name with more or other characters, or more words, may be a message.
_GREETING_LENGTH, _GREETING_WORDS, _GREETING_IDEOGRAPHS = 40, 4, 6
_GREETING_CHARACTERS = frozenset(" .,'’-·")
# Words of names that people write in lower case. Other lower-case words make a sentence: "Send cash to Bob".
_PARTICLES = frozenset({
    "a", "ab", "al", "ap", "av", "bin", "bint", "da", "das", "de", "del", "della", "den", "der", "di", "do", "dos",
    "du", "e", "el", "ferch", "i", "ibn", "la", "las", "le", "los", "san", "ten", "ter", "van", "von", "y", "zu", "zum",
    "zur",
})  # fmt: skip
# People read "win .com" and "win·com" as an address, although no email program makes a link of it.
_READ_AS_DOT = re.compile(r"\s*[.·]\s*")
# The form of a UK postcode, as published with the government's data standard (GOV.UK, BS 7666).
_UK_POSTCODE = re.compile(r"(GIR0AA|[A-Z]{1,2}[0-9][0-9A-Z]?[0-9][ABD-HJLNP-UW-Z]{2})")
# The numbers of British forces addresses. They are older than the forces' postcodes (BF1 2AB), and still in use.
_FORCES = re.compile(r"BFPO(?:C/O)?([0-9]{1,4})")
_DIGITS = str.maketrans("ILO", "110")
_PUNCTUATION = str.maketrans("", "", " .,-")
# Phones and word processors may insert a dash that is not ASCII, and copying adds invisible characters.
_DASH, _INVISIBLE = re.compile("[\u2010-\u2014\u2212]"), re.compile(f"[{INVISIBLE}]")


def clean_name(typed: str) -> str:
    """Return the name trimmed and in NFC. Raise ValueError with a sentence that the form shows to the person."""
    if len(typed) > 10 * MAX_NAME:  # Normalizing and trimming half a million characters takes minutes.
        raise ValueError("Your name must be 100 characters or fewer")
    normalized = unicodedata.normalize("NFC", typed.translate(_DIRECTIONS))
    name = _EDGES.sub("", normalized)
    if not name:
        raise ValueError("Enter your name")
    if len(name) > MAX_NAME:
        raise ValueError("Your name must be 100 characters or fewer")
    if name.startswith(FORMULA_STARTS):
        raise ValueError("Your name must not start with = + - or @")
    has_letter = any(character.isalpha() for character in name)
    if not has_letter or has_unprintable(name) or ENCODED_WORD in name:
        raise ValueError("Enter your name using letters")
    if _has_web_address(name):
        raise ValueError("Enter your name without a web address. Put a space after any full stop")
    return name


def greeting_name(name: str) -> str:
    """Return the name for an email, or "" in doubt: anybody can type a message to the address's owner as a name."""
    words = name.split()
    ideographs = [character for character in name if unicodedata.name(character, "").startswith("CJK")]
    if len(name) > _GREETING_LENGTH or len(words) > _GREETING_WORDS or len(ideographs) > _GREETING_IDEOGRAPHS:
        return ""
    is_plain = all(_is_greeting_character(character) for character in name)
    if not is_plain or _reads_as_sentence(words) or _reads_as_address(name):
        return ""
    return name


def first_name(name: str) -> str:
    """Return the first word of `greeting_name`, or "" if that is a title or an initial."""
    words = greeting_name(name).split()
    is_name = bool(words) and not words[0].endswith(".") and words[0].lower() not in _TITLES and len(words[0]) > 1
    return words[0] if is_name else ""


def _is_greeting_character(character: str) -> bool:
    if character in _GREETING_CHARACTERS or character in JOINERS:
        return True
    category = unicodedata.category(character)
    return category.startswith(("L", "M"))  # L: letters, M: marks.


def _reads_as_sentence(words: list[str]) -> bool:
    if len(words) < 3:
        return False
    return any(_is_written_as_in_sentence(word) for word in words)


def _is_written_as_in_sentence(word: str) -> bool:
    """Return whether the word starts in lower case (but no particle such as "van"), or is three or more capitals."""
    if word in _PARTICLES:
        return False
    is_in_capitals = len(word) >= 3 and word.isupper()
    return word[0].islower() or is_in_capitals


def _reads_as_address(name: str) -> bool:
    if web_addresses(name):  # Email programs do not know titles, so they make a link of "Prof.dr.Schmidt".
        return True
    # People know titles: they read "Dr. Bank" as a name. They also read the Catalan "l·l" as letters.
    without_catalan_dots = re.sub("l·l", "ll", name, flags=re.IGNORECASE)
    joined = _READ_AS_DOT.sub(".", without_catalan_dots)
    return _has_web_address(joined)


def _has_web_address(name: str) -> bool:
    return any(not _is_titled_name(address) for address in web_addresses(name))


def _is_titled_name(address: str) -> bool:
    """Return True for "Prof.dr.Schmidt", but not for "X.Com", because "X" is not a title."""
    *first_parts, last = address.split(".")
    are_titles = all(part.lower() in _TITLES for part in first_parts)
    return are_titles and last.istitle() and last.isalpha()


def clean_postcode(typed: str, country: str) -> str | None:
    """Return the postcode in upper case, and a British one in its usual form ("SW1A 1AA"). None: it is empty.

    Raise ValueError with a sentence that the form shows to the person.
    """
    text = _DASH.sub("-", _INVISIBLE.sub("", typed))
    postcode = " ".join(text.split())
    # Change only ASCII to upper case: "ß" would become "SS", and pass the checks.
    if postcode.isascii():
        postcode = postcode.upper()
    if not postcode:
        return None
    if country == "GB":
        return _uk_postcode(postcode)
    is_valid = len(postcode) <= MAX_POSTCODE and re.fullmatch(r"[A-Z0-9][A-Z0-9 -]*", postcode)
    if not is_valid:
        raise ValueError("Enter a postcode using letters, numbers, spaces and hyphens, or leave it blank")
    return postcode


def _uk_postcode(postcode: str) -> str:
    joined = postcode.translate(_PUNCTUATION)
    forces = _FORCES.fullmatch(joined)
    if forces:
        return f"BFPO {forces[1]}"
    candidates = [joined] if _UK_POSTCODE.fullmatch(joined) else _postcodes_with_digits(joined)
    # If two postcodes are possible, do not guess.
    if len(candidates) != 1:
        raise ValueError("Enter a full UK postcode, like SW1A 1AA, or leave it blank")
    complete = candidates[0]
    return f"{complete[:-3]} {complete[-3:]}"


def _postcodes_with_digits(joined: str) -> list[str]:
    """Return the possible postcodes if I, L or O were typed for digits, "SWIA1AA"; first and last two letters stay."""
    texts: set[str] = set()
    for start_length in (1, 2):
        start, middle, end = joined[:start_length], joined[start_length:-2], joined[-2:]
        texts.add(start + middle.translate(_DIGITS) + end)
    return [text for text in texts if _UK_POSTCODE.fullmatch(text)]
