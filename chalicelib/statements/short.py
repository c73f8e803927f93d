"""Short addresses of statements, for radio and television. Each contains a code. The table has the token of each code.

The token contains the whole statement and our cryptographic signature. When somebody opens the statement, the signature
is checked.
"""

import re
from secrets import choice

from chalicelib.aws.table import NewItem, Tables
from chalicelib.core import keys
from chalicelib.core.errors import ConditionFailed, NotAStatement

# Without 0, 1, 8 and l, which look like other characters, and without vowels and y, which could make words.
CHARACTERS = "2345679bcdfghjkmnpqrstvwxz"
LENGTH = 6
# There are 309 million codes, so a random code is rarely in use and a second attempt is rare.
ATTEMPTS = 5
_code_pattern = re.compile(f"[{CHARACTERS}]{{{LENGTH}}}")


def store_short_code(token: str, tables: Tables) -> str:
    """Store the token under a new code, and return the code. Raise ConditionFailed if all random codes are in use."""
    for _ in range(ATTEMPTS - 1):
        try:
            return _store(token, tables)
        except ConditionFailed:
            continue
    return _store(token, tables)  # The last attempt.


def find_statement_token(typed_code: str, tables: Tables) -> str:
    """Return the token of a code, which people may type with capital letters or hyphens.

    Raise NotAStatement if there is no such code.
    """
    code = typed_code.strip().lower().replace("-", "")
    if not _code_pattern.fullmatch(code):
        raise NotAStatement
    item = tables.get(keys.statement(code))
    if item is None:
        raise NotAStatement
    return str(item["token"])


def _store(token: str, tables: Tables) -> str:
    """Store the token under a random code, and return the code. Raise ConditionFailed if the code is in use."""
    code = "".join(choice(CHARACTERS) for _ in range(LENGTH))
    tables.put_new(NewItem(keys.statement(code), {"token": token}))
    return code
