"""Escape text that a spreadsheet would run as a formula, reversibly (OWASP: CSV injection)."""

import re

# Some spreadsheets treat full-width characters the same. A tab, a line break or invisible characters can hide a
# formula after them.
_START = r"[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]*[=+\-@\t\r\n＝＋－＠]"
FORMULA = re.compile(rf"'*{_START}")


def harmless(value: str) -> str:
    return f"'{value}" if FORMULA.match(value) else value
