"""Escape text that a spreadsheet would run as a formula, reversibly (OWASP: CSV injection)."""

import re

# Some spreadsheets treat the full-width forms of =, +, - and @ like the ASCII ones. A formula can follow a tab, a line
# break or invisible characters.
_START = r"[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]*[=+\-@\t\r\n＝＋－＠]"
# Text that already has an apostrophe in front gets one more, so that removing one always restores the text.
FORMULA = re.compile(rf"'*{_START}")


def harmless(value: str) -> str:
    """Return the text, with an apostrophe in front if a spreadsheet could run it."""
    return f"'{value}" if FORMULA.match(value) else value
