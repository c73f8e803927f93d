"""Short addresses of statements, to read out on air. A code leads to the stored token, whose signature is checked."""

import re
from secrets import choice

from chalicelib.aws.table import NewItem, Tables
from chalicelib.core import keys
from chalicelib.core.errors import ConditionFailed, NotAStatement

# Without letters and digits that sound or look alike, and without vowels, which could make words.
SIGNS = "2345679bcdfghjkmnpqrstvwxz"
LENGTH = 6
# With one stored statement, a random code is taken with a chance of one in 244 million, so a second try is rare.
ATTEMPTS = 5
_code = re.compile(f"[{SIGNS}]{{{LENGTH}}}")


def store_short_code(token: str, tables: Tables) -> str:
    """Store the token under a new code, and return the code."""
    for _ in range(ATTEMPTS - 1):
        try:
            return _keep(token, tables)
        except ConditionFailed:
            continue
    return _keep(token, tables)


def token_of(code: str, tables: Tables) -> str:
    """Return the token of a code as people type it, with capital letters or hyphens. Raise NotAStatement."""
    typed = code.strip().lower().replace("-", "")
    item = tables.get(keys.statement(typed)) if _code.fullmatch(typed) else None
    if item is None:
        raise NotAStatement
    return str(item["token"])


def _keep(token: str, tables: Tables) -> str:
    code = "".join(choice(SIGNS) for _ in range(LENGTH))
    tables.put_new(NewItem(keys.statement(code), {"token": token}))
    return code
