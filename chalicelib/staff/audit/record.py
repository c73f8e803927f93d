"""The activity log: who of the staff did what, when and from where. Entries name signers by id only.

Entries are never changed: each key must be new, and no role allows UpdateItem or DeleteItem on this table.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from secrets import token_hex

from pydantic import Field

from chalicelib.aws.table import Item, NewItem, Tables
from chalicelib.core import keys
from chalicelib.core.keys import Key
from chalicelib.core.models import FrozenModel
from chalicelib.core.times import Moment


class Actor(FrozenModel):
    """Who did an action: the owner of a token, or an engineer at the command line."""

    token_id: str
    owner: str
    source_ip: str = ""


class Action(FrozenModel):
    """`name`: noun and past tense ("petition.edited"). `subject`: an id or slug. `details` name signers by id only."""

    name: str
    subject: str = ""
    details: dict[str, str] = Field(default_factory=dict)


class AuditRecord(FrozenModel):
    """An entry of the activity log. `cursor` is its sort key. `refused`: why the action was not done, or empty."""

    at: Moment
    actor: Actor
    action: Action
    cursor: str = ""
    refused: str = ""


def precise(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")


# The end of a refusal's sort key, after the sort key of its entry.
REFUSED = "-refused"
AFTER_EVERY_NONCE = "~"


def record(actor: Actor, action: Action, now: datetime, tables: Tables) -> str:
    """Store an entry, and return its cursor. Call this before the action, which must not be done without a record.

    If the action is then refused, call `record_refusal`. It may also have failed for another reason.
    """
    entry = AuditRecord(at=now, actor=actor, action=action)
    key = keys.audit_entry(precise(now), token_hex(4))
    tables.put_new(NewItem(key, entry.model_dump(exclude={"cursor", "refused"})))
    return key.sk


def record_refusal(cursor: str, why: str, tables: Tables) -> None:
    """`why` is a sentence for staff. The refusal sorts directly after its entry."""
    key = Key(keys.AUDIT, keys.audit_partition(cursor), f"{cursor}{REFUSED}")
    tables.put_new(NewItem(key, {"refused": why}))


def entries(since: datetime, until: datetime, tables: Tables, before: str = "") -> Iterator[AuditRecord]:
    """Yield entries, newest first. With a cursor in `before`, begin with the next older entry."""
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
    first, month = keys.audit_partition(low), keys.audit_partition(high)
    while month >= first:
        yield month
        year, number = map(int, month.split("-"))
        month = f"{year - 1}-12" if number == 1 else f"{year}-{number - 1:02}"


def _entry(item: Item, refused: str) -> AuditRecord:
    return AuditRecord(at=item["at"], actor=item["actor"], action=item["action"], cursor=item["sk"], refused=refused)
