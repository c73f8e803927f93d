"""What a spreadsheet would calculate is made text, and can be told from what was text before (OWASP: CSV injection)."""

import re

# With their full-width twins, which some spreadsheets take for the same; tab and returns hide what follows them.
FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
ESCAPED = re.compile(r"'+[=+\-@\t\r\n＝＋－＠]")


def harmless(value: str) -> str:
    return f"'{value}" if FORMULA.match(value) else value


def original(value: str) -> str:
    """What `harmless` was given."""
    return value[1:] if ESCAPED.match(value) else value
