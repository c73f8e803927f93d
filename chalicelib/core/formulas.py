"""Escape text that a spreadsheet would run as a formula, reversibly (OWASP: CSV injection)."""

import re

# Some spreadsheets treat full-width characters the same. A tab or line break can hide a formula after it.
FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
ESCAPED = re.compile(r"'+[=+\-@\t\r\n＝＋－＠]")


def harmless(value: str) -> str:
    return f"'{value}" if FORMULA.match(value) else value


def original(value: str) -> str:
    """Reverse `harmless`."""
    return value[1:] if ESCAPED.match(value) else value
