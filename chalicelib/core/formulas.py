"""Escape text that a spreadsheet would run as a formula, reversibly (OWASP: CSV injection)."""

import re

# Some spreadsheets treat full-width characters the same. A tab or line break can hide a formula after it.
FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")


def harmless(value: str) -> str:
    return f"'{value}" if FORMULA.match(value) else value
