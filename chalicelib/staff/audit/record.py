"""The activity log: who of the staff did what, when and from where. Entries name signers by id only.

Entries are added and never changed: each write requires that its key is new, and no Lambda function's role allows
UpdateItem or DeleteItem on this table. The sort key of an entry is its time and a random nonce.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from secrets import token_hex

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.aws.table import Item, NewItem, Tables
from chalicelib.core import keys
from chalicelib.core.keys import Key
from chalicelib.core.times import Moment


class Actor(BaseModel):
    """Who did an action: the owner of a token, or an engineer at the command line."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    token_id: str
    owner: str
    source_ip: str = ""


class Action(BaseModel):
    """`name`: noun and past tense ("petition.edited"). `subject`: an id or slug. `details` name signers by id only."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    name: str
    subject: str = ""
    details: dict[str, str] = Field(default_factory=dict)


class AuditRecord(BaseModel):
    """An entry of the activity log. `cursor` is its sort key. `refused`: why the action was not done, or empty."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    at: Moment
    actor: Actor
    action: Action
    cursor: str = ""
    refused: str = ""


def precise(moment: datetime) -> str:
    """Format the moment to the microsecond. We show only seconds, but sort keys must be more precise."""
    return moment.isoformat(timespec="microseconds")


# The end of a refusal's sort key, after the sort key of its entry.
REFUSED = "-refused"
# Sorts after every nonce, so that a sort key that ends with it comes after all entries of its time.
AFTER_EVERY_NONCE = "~"


def record(actor: Actor, action: Action, now: datetime, tables: Tables) -> str:
    """Store an entry, and return its cursor. Call this before the action, which must not be done without a record.

    If the action is then refused, call `record_refusal`. A recorded action may still have failed for another reason.
    """
    entry = AuditRecord(at=now, actor=actor, action=action)
    key = keys.audit_entry(precise(now), token_hex(4))
    tables.put_new(NewItem(key, entry.model_dump(exclude={"cursor", "refused"})))
    return key.sk


def record_refusal(cursor: str, why: str, tables: Tables) -> None:
    """Record that the action of the entry with this cursor was refused. `why` is a sentence for staff.

    The item of the refusal sorts directly after the entry's item.
    """
    key = Key(keys.AUDIT, keys.audit_partition(cursor), f"{cursor}{REFUSED}")
    tables.put_new(NewItem(key, {"refused": why}))


def entries(since: datetime, until: datetime, tables: Tables, before: str = "") -> Iterator[AuditRecord]:
    """Yield entries, newest first. If `before` is a cursor, begin with the next older entry, not at `until`."""
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
