"""Characters that print nothing, texts for email headers, and texts that a spreadsheet would run (CSV injection)."""

import re
import unicodedata
from collections.abc import Mapping

from chalicelib.core.errors import FieldError

# Joiners shape letters in Persian, Urdu and the Indic scripts, although Unicode calls them format characters.
JOINERS = frozenset("\u200c\u200d")
REPLACEMENT = "\ufffd"
# Email programs decode the words in headers that begin like this, and show the result, such as a link (RFC 2047).
ENCODED_WORD = "=?"

UNPRINTABLE = "Write this on one line, without characters that cannot be printed"
ENCODED = "Remove “=?”: email programs would decode what follows it"
# For a character class: soft hyphens, joiners, direction marks and other characters that print nothing.
INVISIBLE = r"\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
# Some spreadsheets treat full-width signs like the ASCII ones. A formula can follow a tab, a line break or invisible
# characters.
_START = rf"[{INVISIBLE}]*[=+\-@\t\r\n＝＋－＠]"
# A text with apostrophes in front gets one more. To undo the escape, remove the first.
FORMULA = re.compile(rf"'*{_START}")


def has_unprintable(text: str) -> bool:
    """Return whether the text has a character that prints nothing, breaks the line, or stands for an undecoded byte."""
    if REPLACEMENT in text:  # `isprintable` is True for this character.
        return True
    if text.isprintable():
        return False
    return any(_is_unprintable(character) for character in text)


def _is_unprintable(character: str) -> bool:
    if character in JOINERS:
        return False
    category = unicodedata.category(character)
    return category.startswith("C") or category in ("Zl", "Zp")


def header_errors(texts: Mapping[str, str | None]) -> list[FieldError]:
    """Return an error for each text, by field, that must not become a header of an email."""
    errors = []
    for field, text in texts.items():
        if text and has_unprintable(text):
            errors.append(FieldError(field, UNPRINTABLE))
        elif text and ENCODED_WORD in text:
            errors.append(FieldError(field, ENCODED))
    return errors


def one_line(text: str) -> str:
    """Return the text for a header, on one line: it may be older than the checks."""
    line = " ".join(text.split())
    return "".join(character for character in line if not _is_unprintable(character))


def escape_formula(value: str) -> str:
    """Undo by removing the first apostrophe of a text that matches FORMULA."""
    return f"'{value}" if FORMULA.match(value) else value
