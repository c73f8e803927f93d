"""Clean and validate names and postcodes, and keep links and messages out of the names in our emails."""

import re
import unicodedata

from chalicelib.core.web_addresses import web_addresses

MAX_NAME = 100
MAX_POSTCODE = 20

# Spreadsheets run a cell that starts with one of these as a formula (OWASP: CSV injection).
FORMULA_STARTS = ("=", "+", "-", "@")
# Joiners shape letters in Persian, Urdu and the Indic scripts. They are part of names, although Unicode calls them
# format characters.
JOINERS = frozenset("\u200c\u200d")
# Spaces and joiners at the start or end. A joiner there joins nothing, and would hide a formula from the checks.
_EDGES = re.compile(r"^[\s\u200c\u200d]+|[\s\u200c\u200d]+$")
# Direction marks are not part of a name; some phones insert them.
_DIRECTIONS = str.maketrans("", "", "\u200e\u200f\u061c")
# Decoders insert this character for bytes that they cannot decode.
REPLACEMENT = "\ufffd"
# Titles that people write before a name with a dot and no space: "Prof.dr.Schmidt". Some surnames are also top-level
# domains, so such a name looks like a web address.
_TITLES = frozenset({"dr", "prof", "mr", "mrs", "ms", "mx", "miss", "sir", "rev", "st", "ing", "dipl", "mag", "med"})
# The limits of a name in a greeting. A name with more or other characters, or more words, may be a message.
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
# Letters that people type instead of digits, and the digits.
_DIGITS = str.maketrans("ILO", "110")
_PUNCTUATION = str.maketrans("", "", " .,-\u2010\u2011\u2012\u2013\u2014")


def clean_name(typed: str) -> str:
    """Return the name trimmed and in NFC. Raise ValueError with a sentence that the form shows to the person."""
    name = _EDGES.sub("", unicodedata.normalize("NFC", typed.translate(_DIRECTIONS)))
    if not name:
        raise ValueError("Enter your name")
    if len(name) > MAX_NAME:
        raise ValueError("Your name must be 100 characters or fewer")
    if name.startswith(FORMULA_STARTS):
        raise ValueError("Your name must not start with = + - or @")
    if has_unprintable(name) or not any(character.isalpha() for character in name):
        raise ValueError("Enter your name using letters")
    if any(not _is_titled_name(address) for address in web_addresses(name)):
        raise ValueError("Enter your name without a web address. Put a space after any full stop")
    return name


def greeting_name(name: str) -> str:
    """Return the name for an email, or "" if the name may be a link or a message.

    Anybody can type somebody else's address, with a message to its owner in place of a name. If in doubt, leave the
    name out.
    """
    words = name.split()
    ideographs = sum(unicodedata.name(each, "").startswith("CJK") for each in name)
    is_short = len(name) <= _GREETING_LENGTH and len(words) <= _GREETING_WORDS and ideographs <= _GREETING_IDEOGRAPHS
    allowed = _GREETING_CHARACTERS | JOINERS
    # The categories L and M are letters, and marks such as accents.
    is_plain = all(each in allowed or unicodedata.category(each)[0] in "LM" for each in name)
    reads_as_name = not _reads_as_sentence(words) and not _reads_as_address(name)
    return name if is_short and is_plain and reads_as_name else ""


def _reads_as_sentence(words: list[str]) -> bool:
    """Return whether there are three or more words, and at least one of them is not written as in a name."""
    return len(words) > 2 and not all(_is_written_as_in_name(word) for word in words)


def _is_written_as_in_name(word: str) -> bool:
    """Return False for a word that starts in lower case, and for a word of three or more letters, all in capitals.

    Return True for any other word, and for a particle such as "van". One or two capitals may be initials. In scripts
    without capitals, every word is written as in a name.
    """
    is_in_capitals = len(word) > 2 and word.isupper()
    return word in _PARTICLES or not (word[0].islower() or is_in_capitals)


def _reads_as_address(name: str) -> bool:
    """Return whether people may read the name as a web address, also with spaces around a dot: "win .com".

    "Dr. Bank" is a name, and so is a name with the Catalan "l·l".
    """
    joined = _READ_AS_DOT.sub(".", re.sub("l·l", "ll", name, flags=re.IGNORECASE))
    return bool(web_addresses(name)) or any(not _is_titled_name(address) for address in web_addresses(joined))


def _is_titled_name(address: str) -> bool:
    """Return True for a name with titles that looks like a web address, such as "Prof.dr.Schmidt".

    Return False for "X.Com", because "X" is not a title.
    """
    *before, last = address.split(".")
    return all(part.lower() in _TITLES for part in before) and last.istitle() and last.isalpha()


def clean_postcode(typed: str, country: str) -> str | None:
    """Return the postcode in upper case, and a British one in its usual form ("SW1A 1AA"). Return None if it is empty.

    Raise ValueError with a sentence that the form shows to the person.
    """
    is_ascii = typed.translate(_PUNCTUATION).isascii()
    # Change only ASCII to upper case: "ß" would become "SS", and pass the checks.
    postcode = " ".join((typed.upper() if is_ascii else typed).split())
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
    candidates = [joined] if _UK_POSTCODE.fullmatch(joined) else _postcodes_with_digits(joined)
    # If two postcodes are possible, do not guess.
    if len(candidates) != 1:
        raise ValueError("Enter a full UK postcode, like SW1A 1AA, or leave it blank")
    return f"{candidates[0][:-3]} {candidates[0][-3:]}"


def _postcodes_with_digits(joined: str) -> list[str]:
    """Return the possible postcodes if the person typed I, L or O instead of digits: "SWIA1AA" for "SW1A1AA".

    A postcode starts with one or two letters and ends with two letters, which stay as they are.
    """
    start_lengths = (1, 2)
    texts = {joined[:length] + joined[length:-2].translate(_DIGITS) + joined[-2:] for length in start_lengths}
    return [text for text in texts if _UK_POSTCODE.fullmatch(text)]


def has_unprintable(text: str) -> bool:
    """Return whether the text has a character that prints nothing, breaks the line, or stands for an undecoded byte."""
    # If `isprintable` is False, test each character, because it is also False for joiners and unusual spaces. It does
    # not find REPLACEMENT.
    return (not text.isprintable() and any(map(_is_unprintable, text))) or REPLACEMENT in text


def _is_unprintable(character: str) -> bool:
    """Return whether this is a control, format, surrogate, private use, unassigned or line-breaking character."""
    category = unicodedata.category(character)
    return (category[0] == "C" and character not in JOINERS) or category in ("Zl", "Zp")
