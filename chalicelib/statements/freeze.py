"""Freeze the count of this moment in a signed statement, and read a statement from its token or its short address.

The token is valid for as long as we keep the key that signed it. Short addresses are for radio and television.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from secrets import choice

from chalicelib.aws.table import NewItem, Tables
from chalicelib.core import keys
from chalicelib.core.errors import ConditionFailed, LinkDamaged, NotAStatement
from chalicelib.core.models import FrozenModel
from chalicelib.core.times import Moment
from chalicelib.core.tokens import Purpose, seal, unseal
from chalicelib.letters.counts import letters_text
from chalicelib.petitions.model import Petition, Slug
from chalicelib.tallies.count import exact_count
from chalicelib.totals.total import total_if_any

# The address contains the whole statement.
MAX_REMOVED = 5


class Statement(FrozenModel):
    """How many people had confirmed which text, and when. It does not change when the petition changes."""

    slug: Slug
    """The petition's name in URLs."""
    title: str
    charity: str
    text_version: str
    """The signed text: a digest of its title, text and target."""
    confirmed: int
    """Confirmed signatures, exact at `as_of`."""
    as_of: Moment
    """The moment (UTC) of the count."""
    letters: str | None = None
    """If there are letters to the targets: how many, in a sentence for each target. Exact at `as_of`."""
    total: str | None = None
    """If there are figures from elsewhere: what they report, and the bounds of the total, in a sentence."""
    at_least: int | None = None
    """If there are figures from elsewhere: at least so many people signed, here or elsewhere."""
    by_partners: int | None = None
    """How many signatures partners sent, if any. They counted without our email. The others were confirmed by email."""
    removed: list[str] | None = None
    """What was removed because it was not genuine: how many signatures, on which day, why, and what was put
    back. The newest few."""


def freeze(petition: Petition, now: datetime, tables: Tables) -> Statement:
    count = exact_count(petition, now, tables)
    total = total_if_any(petition, count, tables)
    return Statement(
        slug=petition.slug,
        title=petition.title,
        charity=petition.charity,
        text_version=petition.text_version,
        confirmed=count.confirmed,
        as_of=count.as_of,
        letters=letters_text(petition, now, tables),
        total=total.sentence if total else None,
        at_least=total.at_least if total else None,
        by_partners=count.by_partners or None,
        removed=[removal.sentence for removal in petition.removals[-MAX_REMOVED:]] or None,
    )


def statement_token(statement: Statement, secrets: dict[str, str]) -> str:
    """Return the statement as base64 JSON, signed but not encrypted."""
    json = statement.model_dump_json(exclude_none=True)
    padded = urlsafe_b64encode(json.encode()).decode()
    return seal(Purpose.STATEMENT, padded.rstrip("="), secrets)


def statement_from_token(token: str, secrets: dict[str, str]) -> Statement:
    try:
        payload = unseal(Purpose.STATEMENT, token, secrets)
    except LinkDamaged:
        raise NotAStatement from None
    padded = payload + "=" * (-len(payload) % 4)
    return Statement.model_validate_json(urlsafe_b64decode(padded))


# Without 0, 1, 8 and l, which look like others, and without vowels and y, which could make words.
CHARACTERS = "2345679bcdfghjkmnpqrstvwxz"
LENGTH = 6
# There are 309 million codes, so a second attempt is rare.
ATTEMPTS = 5
_code_pattern = re.compile(f"[{CHARACTERS}]{{{LENGTH}}}")


def store_short_code(token: str, tables: Tables) -> str:
    """Return the new code. Raise ConditionFailed if all random codes are in use."""
    for _ in range(ATTEMPTS - 1):
        try:
            return _store(token, tables)
        except ConditionFailed:
            continue
    return _store(token, tables)  # The last attempt.


def find_statement_token(typed_code: str, tables: Tables) -> str:
    """People may type a code with capital letters or hyphens. Raise NotAStatement if it does not exist."""
    code = typed_code.strip().lower().replace("-", "")
    if not _code_pattern.fullmatch(code):
        raise NotAStatement
    item = tables.get(keys.statement(code))
    if item is None:
        raise NotAStatement
    return str(item["token"])


def _store(token: str, tables: Tables) -> str:
    code = "".join(choice(CHARACTERS) for _ in range(LENGTH))
    tables.put_new(NewItem(keys.statement(code), {"token": token}))
    return code
