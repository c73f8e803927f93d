"""Clean and validate names and postcodes."""

import re
import unicodedata

from chalicelib.core.web_addresses import web_addresses

MAX_NAME = 100
MAX_POSTCODE = 20

# Spreadsheets run a cell that starts with one of these (OWASP: CSV injection).
FORMULA_STARTS = ("=", "+", "-", "@")
# Joiners shape letters in Persian, Urdu and the Indic scripts. They are part of names, although Unicode calls them
# format characters.
JOINERS = frozenset("\u200c\u200d")
# At either end, a joiner joins nothing, and would hide a formula from the checks.
_EDGES = re.compile(r"^[\s\u200c\u200d]+|[\s\u200c\u200d]+$")
# Direction marks are not part of a name; some phones insert them.
_DIRECTIONS = str.maketrans("", "", "\u200e\u200f\u061c")
# Decoders insert this character for bytes that they cannot decode.
REPLACEMENT = "\ufffd"
# Written before a name with a dot and no space: "Prof.dr.Schmidt". Some surnames are also top-level domains.
_TITLES = frozenset({"dr", "prof", "mr", "mrs", "ms", "mx", "miss", "sir", "rev", "st", "ing", "dipl", "mag", "med"})
# A greeting is at most this long. More words, digits or other characters may be a message instead of a name.
_GREETING_LENGTH, _GREETING_WORDS, _GREETING_IDEOGRAPHS = 40, 4, 6
_GREETING_CHARACTERS = frozenset(" .,'’-·")
# Short words of names that people write in lower case. Other lower-case words make a sentence: "Send cash to Bob".
_PARTICLES = frozenset({
    "a", "ab", "al", "ap", "av", "bin", "bint", "da", "das", "de", "del", "della", "den", "der", "di", "do", "dos",
    "du", "e", "el", "ferch", "i", "ibn", "la", "las", "le", "los", "san", "ten", "ter", "van", "von", "y", "zu", "zum",
    "zur",
})  # fmt: skip
# People read "win .com" and "win·com" as an address, although no email program makes a link of it.
_READ_AS_DOT = re.compile(r"\s*[.·]\s*")
# The form of a UK postcode, as published with the government's data standard (GOV.UK, BS 7666).
_UK_POSTCODE = re.compile(r"(GIR0AA|[A-Z]{1,2}[0-9][0-9A-Z]?[0-9][ABD-HJLNP-UW-Z]{2})")
# The British forces' own numbers, which are older than their postcodes (BF1 2AB).
_FORCES = re.compile(r"BFPO(?:C/O)?([0-9]{1,4})")
# Letters that people type instead of digits. No postcode has one of these letters where another has a digit.
_DIGITS = str.maketrans("ILO", "110")
_PUNCTUATION = str.maketrans("", "", " .,-\u2010\u2011\u2012\u2013\u2014")


def clean_name(typed: str) -> str:
    """Return the name trimmed and in NFC. Raise ValueError with a sentence for the person."""
    name = _EDGES.sub("", unicodedata.normalize("NFC", typed.translate(_DIRECTIONS)))
    if not name:
        raise ValueError("Enter your name")
    if len(name) > MAX_NAME:
        raise ValueError("Your name must be 100 characters or fewer")
    if name.startswith(FORMULA_STARTS):
        raise ValueError("Your name must not start with = + - or @")
    if has_controls(name) or not any(character.isalpha() for character in name):
        raise ValueError("Enter your name using letters")
    if any(not _is_titled_name(address) for address in web_addresses(name)):
        raise ValueError("Enter your name without a web address. Put a space after any full stop")
    return name


def greeting_name(name: str) -> str:
    """Return the name if an email may contain it, or "" if it may be a link or a message.

    Anybody can type somebody else's address, so the name in the first email may be a stranger's text. If in doubt,
    leave it out.
    """
    words = name.split()
    ideographs = sum(unicodedata.name(each, "").startswith("CJK") for each in name)
    is_short = len(name) <= _GREETING_LENGTH and len(words) <= _GREETING_WORDS and ideographs <= _GREETING_IDEOGRAPHS
    allowed = _GREETING_CHARACTERS | JOINERS
    is_plain = all(each in allowed or unicodedata.category(each)[0] in "LM" for each in name)
    reads_as_name = not _reads_as_sentence(words) and not _reads_as_address(name)
    return name if is_short and is_plain and reads_as_name else ""


def _reads_as_sentence(words: list[str]) -> bool:
    """Return whether there are three or more words, and at least one is not written as in a name."""
    return len(words) > 2 and not all(_is_written_as_in_name(word) for word in words)


def _is_written_as_in_name(word: str) -> bool:
    """Return whether it is a particle such as "van", or neither starts with a small letter nor is all in capitals.

    One or two capitals may be initials. In scripts without capitals every word is written as in a name.
    """
    is_in_capitals = len(word) > 2 and word.isupper()
    return word in _PARTICLES or not (word[0].islower() or is_in_capitals)


def _reads_as_address(name: str) -> bool:
    """Return whether it is an address, also with spaces around a dot. Not "Dr. Bank", and not the Catalan "l·l"."""
    joined = _READ_AS_DOT.sub(".", re.sub("l·l", "ll", name, flags=re.IGNORECASE))
    return bool(web_addresses(name)) or any(not _is_titled_name(address) for address in web_addresses(joined))


def _is_titled_name(address: str) -> bool:
    """Return whether the address is a name with titles: "Prof.dr.Schmidt". Initials do not count: "X.Com" is a link."""
    *before, last = address.split(".")
    return all(part.lower() in _TITLES for part in before) and last.istitle() and last.isalpha()


def clean_postcode(typed: str, country: str) -> str | None:
    """Return the postcode in upper case, for GB in its usual form ("SW1A 1AA"); None if empty. Raise ValueError."""
    postcode = " ".join((typed.upper() if typed.translate(_PUNCTUATION).isascii() else typed).split())
    if not postcode:
        return None
    if country == "GB":
        return _uk_postcode(postcode)
    if len(postcode) > MAX_POSTCODE or not re.fullmatch(r"[A-Z0-9][A-Z0-9 -]*", postcode):
        raise ValueError("Enter a postcode using letters, numbers, spaces and hyphens, or leave it blank")
    return postcode


def _uk_postcode(postcode: str) -> str:
    joined = postcode.translate(_PUNCTUATION)
    if forces := _FORCES.fullmatch(joined):
        return f"BFPO {forces[1]}"
    readings = [joined] if _UK_POSTCODE.fullmatch(joined) else _readings(joined)
    # If it can be read in two ways, do not guess.
    if len(readings) != 1:
        raise ValueError("Enter a full UK postcode, like SW1A 1AA, or leave it blank")
    return f"{readings[0][:-3]} {readings[0][-3:]}"


def _readings(joined: str) -> list[str]:
    """Return the postcodes that this may mean, if I, L or O were typed for digits: "SWIA1AA" for "SW1A1AA"."""
    area_lengths = (1, 2)
    texts = {joined[:length] + joined[length:-2].translate(_DIGITS) + joined[-2:] for length in area_lengths}
    return [text for text in texts if _UK_POSTCODE.fullmatch(text)]


def has_controls(text: str) -> bool:
    """Return whether the text has a character that prints nothing or breaks the line."""
    # `isprintable` is false for all of these, except REPLACEMENT.
    return (not text.isprintable() and any(map(_is_control, text))) or REPLACEMENT in text


def _is_control(character: str) -> bool:
    """Return whether it is a control, format, surrogate, private use, unassigned or line-breaking character."""
    category = unicodedata.category(character)
    return (category[0] == "C" and character not in JOINERS) or category in ("Zl", "Zp")
