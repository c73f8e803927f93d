"""Store and read the activity log in its table. Entries are added and never changed.

Each write requires that its key is new, and no Lambda function's role allows UpdateItem or DeleteItem on this table.
The sort key of an entry is its time and a random nonce.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from secrets import token_hex

from chalicelib.aws.table import Item, NewItem, Tables
from chalicelib.core import keys
from chalicelib.core.keys import Key
from chalicelib.staff.audit.model import AuditRecord, precise

# The end of a refusal's sort key, after the sort key of its entry.
REFUSED = "-refused"
# Sorts after every nonce, so that a sort key that ends with it comes after all entries of its time.
AFTER_EVERY_NONCE = "~"


def add(entry: AuditRecord, tables: Tables) -> str:
    """Store the entry, and return its cursor, which is its sort key."""
    key = keys.audit_entry(precise(entry.at), token_hex(4))
    tables.put_new(NewItem(key, entry.model_dump(exclude={"cursor", "refused"})))
    return key.sk


def add_refusal(cursor: str, why: str, tables: Tables) -> None:
    """Store that the action of an entry was refused. The item of the refusal sorts directly after the entry's item."""
    key = Key(keys.AUDIT, keys.audit_partition(cursor), f"{cursor}{REFUSED}")
    tables.put_new(NewItem(key, {"refused": why}))


def newest_first(since: datetime, until: datetime, tables: Tables, before: str = "") -> Iterator[AuditRecord]:
    """Yield entries from `until` back to `since`. If `before` is a cursor, begin with the next older entry instead."""
    low = precise(since.astimezone(UTC))
    high = before or precise(until.astimezone(UTC)) + AFTER_EVERY_NONCE
    if low > high:
        return
    reasons: dict[str, str] = {}  # The query runs backwards, so a refusal comes just before its entry.
    for month in _months_back(low, high):
        for item in tables.query(keys.AUDIT, month, (low, high), backwards=True):
            sort_key = item["sk"]
            if "refused" in item:
                reasons[sort_key.removesuffix(REFUSED)] = item["refused"]
            elif sort_key != before:  # The query includes `before` itself.
                yield _entry(item, reasons.pop(sort_key, ""))


def _months_back(low: str, high: str) -> Iterator[str]:
    """Yield the partition of each month, from the month of `high` back to the month of `low` (both are sort keys)."""
    first, month = keys.audit_partition(low), keys.audit_partition(high)
    while month >= first:
        yield month
        year, number = map(int, month.split("-"))
        month = f"{year - 1}-12" if number == 1 else f"{year}-{number - 1:02}"


def _entry(item: Item, refused: str) -> AuditRecord:
    return AuditRecord(at=item["at"], actor=item["actor"], action=item["action"], cursor=item["sk"], refused=refused)
