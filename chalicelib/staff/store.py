"""Store and find the tokens of staff and partners in the counts table."""

from collections.abc import Iterator
from datetime import datetime

from chalicelib.aws.table import Attr, Change, Item, NewItem, Tables
from chalicelib.core import keys
from chalicelib.core.errors import ConditionFailed
from chalicelib.core.times import iso
from chalicelib.staff.model import StaffToken


def add(token: StaffToken, tables: Tables) -> None:
    item = {**token.model_dump(exclude_none=True), "rights": sorted(token.rights)}
    tables.put_new(NewItem(keys.access_token(token.token_id), item))


def revoke(token_id: str, now: datetime, tables: Tables) -> bool:
    """Revoke the token. If it is revoked already, keep the earlier time. Return False if it does not exist."""
    is_not_revoked = Attr("token_id").exists() & Attr("revoked_at").not_exists()
    change = Change(keys.access_token(token_id), assign={"revoked_at": iso(now)}, when=is_not_revoked)
    try:
        tables.update(change)
    except ConditionFailed as failure:
        return failure.item is not None
    return True


def mark_used(token_id: str, now: datetime, tables: Tables) -> None:
    """Store the time of the last use. Raise ConditionFailed if the token does not exist."""
    exists = Attr("token_id").exists()
    tables.update(Change(keys.access_token(token_id), assign={"last_used_at": iso(now)}, when=exists))


def find(token_id: str, tables: Tables) -> StaffToken | None:
    item = tables.get(keys.access_token(token_id), consistent=True)
    return _token(item) if item else None


def list_all(tables: Tables) -> Iterator[StaffToken]:
    return map(_token, tables.query(keys.COUNTS, keys.TOKENS_PARTITION, consistent=True))


def _token(item: Item) -> StaffToken:
    return StaffToken.model_validate(item)
