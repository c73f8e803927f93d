"""Freeze the count of this moment in a signed statement, and read a statement from its token.

The token contains the whole statement. It is valid for as long as we keep the key that signed it.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime

from chalicelib.aws.table import Tables
from chalicelib.core.errors import LinkDamaged, NotAStatement
from chalicelib.core.tokens import Purpose, seal, unseal
from chalicelib.letters.report import letters_text
from chalicelib.petitions.model import Petition
from chalicelib.statements.model import Statement
from chalicelib.tallies.count import exact_count
from chalicelib.totals.total import total_if_any


def freeze(petition: Petition, now: datetime, tables: Tables) -> Statement:
    """Return a statement about the petition, with its exact counts now."""
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
        by_partners=count.by_partners or None,
    )


def statement_token(statement: Statement, secrets: dict[str, str]) -> str:
    """Return a token: the statement as base64 JSON, and our cryptographic signature. The token is not encrypted."""
    json = statement.model_dump_json(exclude_none=True)
    padded = urlsafe_b64encode(json.encode()).decode()
    return seal(Purpose.STATEMENT, padded.rstrip("="), secrets)


def statement_from_token(token: str, secrets: dict[str, str]) -> Statement:
    """Return the statement in `token`. Raise NotAStatement if this site did not sign the token as a statement."""
    try:
        payload = unseal(Purpose.STATEMENT, token, secrets)
    except LinkDamaged:
        raise NotAStatement from None
    # Base64 text has a multiple of 4 characters. `statement_token` removed the padding.
    padded = payload + "=" * (-len(payload) % 4)
    return Statement.model_validate_json(urlsafe_b64decode(padded))
