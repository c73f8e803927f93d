"""Staff tokens in the counts table."""

from datetime import datetime

from chalicelib import keys
from chalicelib.aws.table import Attr, Change, NewItem, Tables
from chalicelib.errors import ConditionFailed
from chalicelib.moments import iso
from chalicelib.staff.model import StaffToken


def keep(token: StaffToken, tables: Tables) -> None:
    item = {**token.model_dump(exclude_none=True), "rights": sorted(token.rights)}
    tables.put_new(NewItem(keys.staff_token(token.token_id), item))


def revoke(token_id: str, now: datetime, tables: Tables) -> bool:
    key, revoked_at = keys.staff_token(token_id), Attr("revoked_at")
    try:
        tables.update(
            Change(key, assign={"revoked_at": iso(now)}, when=Attr("token_id").exists() & revoked_at.not_exists())
        )
    except ConditionFailed as failure:
        return failure.item is not None
    return True


def find(token_id: str, tables: Tables) -> StaffToken | None:
    item = tables.get(keys.staff_token(token_id), consistent=True)
    return StaffToken.model_validate(item) if item else None
