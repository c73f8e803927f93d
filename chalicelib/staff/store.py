"""Staff tokens in the counts table."""

from chalicelib import keys
from chalicelib.aws.table import NewItem, Tables
from chalicelib.staff.model import StaffToken


def keep(token: StaffToken, tables: Tables) -> None:
    item = {**token.model_dump(exclude_none=True), "rights": sorted(token.rights)}
    tables.put_new(NewItem(keys.staff_token(token.token_id), item))


def find(token_id: str, tables: Tables) -> StaffToken | None:
    item = tables.get(keys.staff_token(token_id), consistent=True)
    return StaffToken.model_validate(item) if item else None
