"""Characters that print nothing, and texts for a header of an email: a subject, or the name of a sender.

Also escape text that a spreadsheet would run as a formula (OWASP: CSV injection). The escape can be undone.
"""

import re
import unicodedata
from collections.abc import Mapping

from chalicelib.core.errors import FieldError

# Joiners shape letters in Persian, Urdu and the Indic scripts. They are part of names, although Unicode calls them
# format characters.
JOINERS = frozenset("\u200c\u200d")
# Decoders insert this character for bytes that they cannot decode.
REPLACEMENT = "\ufffd"
# Email programs decode the words in headers that begin like this, and show the result, such as a link (RFC 2047).
ENCODED_WORD = "=?"

UNPRINTABLE = "Write this on one line, without characters that cannot be printed"
ENCODED = "Remove “=?”: email programs would decode what follows it"
# For a character class: soft hyphens, joiners, direction marks and other characters that print nothing.
INVISIBLE = r"\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
# Some spreadsheets treat the full-width forms of =, +, - and @ like the ASCII ones. A formula can follow a tab, a line
# break or invisible characters.
_START = rf"[{INVISIBLE}]*[=+\-@\t\r\n＝＋－＠]"
# Apostrophes in front of such a start also match, so the text gets one more. To undo the escape, remove the first
# apostrophe of a text that matches.
FORMULA = re.compile(rf"'*{_START}")


def has_unprintable(text: str) -> bool:
    """Return whether the text has a character that prints nothing, breaks the line, or stands for an undecoded byte."""
    if REPLACEMENT in text:  # `isprintable` is True for this character.
        return True
    if text.isprintable():
        return False
    # `isprintable` is also False for joiners and unusual spaces, so test each character.
    return any(_is_unprintable(character) for character in text)


def _is_unprintable(character: str) -> bool:
    """Return whether this is a control, format, surrogate, private use, unassigned or line-breaking character."""
    if character in JOINERS:
        return False
    category = unicodedata.category(character)
    return category.startswith("C") or category in ("Zl", "Zp")


def header_errors(texts: Mapping[str, str | None]) -> list[FieldError]:
    """Return an error for each text, by the name of its field, that must not become a header of an email."""
    errors = []
    for field, text in texts.items():
        if text and has_unprintable(text):
            errors.append(FieldError(field, UNPRINTABLE))
        elif text and ENCODED_WORD in text:
            errors.append(FieldError(field, ENCODED))
    return errors


def one_line(text: str) -> str:
    """Return the text for a header, on one line and without unprintable characters: it may be older than the checks."""
    line = " ".join(text.split())
    return "".join(character for character in line if not _is_unprintable(character))


def escape_formula(value: str) -> str:
    """Return the text, with one more apostrophe in front if it matches FORMULA."""
    return f"'{value}" if FORMULA.match(value) else value
