"""Escape text that a spreadsheet would run as a formula (OWASP: CSV injection). The escape can be undone."""

import re

# For a character class: soft hyphens, joiners, direction marks and other characters that print nothing.
INVISIBLE = r"\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
# Some spreadsheets treat the full-width forms of =, +, - and @ like the ASCII ones. A formula can follow a tab, a line
# break or invisible characters.
_START = rf"[{INVISIBLE}]*[=+\-@\t\r\n＝＋－＠]"
# Apostrophes in front of such a start also match, so the text gets one more. To undo the escape, remove the first
# apostrophe of a text that matches.
FORMULA = re.compile(rf"'*{_START}")


def escape_formula(value: str) -> str:
    """Return the text, with one more apostrophe in front if it matches FORMULA."""
    return f"'{value}" if FORMULA.match(value) else value
