"""What `manage.py restore` can decide about an item of a copy.

Of the tables without signatures, only missing items are restored: an existing one may have changed since.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from chalicelib.aws.table import Change, Item, NewItem
from chalicelib.core import keys
from chalicelib.core.keys import Key
from chalicelib.core.times import iso
from chalicelib.signatures.model import MAIL_REQUEST_FIELDS


class RestoreOutcome(StrEnum):
    """What a restore does with an item of the copy. The values are the words of the report.

    GONE: in the activity log. LEFT_OUT, WITHDRAWN, UNSUBSCRIBED: in one of the engineer's files.
    """

    SAME = "unchanged"
    PUT_BACK = "put back"
    REPAIRED = "repaired"
    NEWER = "kept: the live item has changed since"
    NEWER_WITHOUT_UPDATES = "kept, without the updates that the person had stopped"
    EXPIRED = "left out: expired"
    GONE = "left out: withdrawn or erased since"
    LEFT_OUT = "left out: in the file"
    WITHDRAWN = "withdrawn: in the file, and put back by an earlier run"
    UNSUBSCRIBED = "unsubscribed: in the file, and put back by an earlier run"
    UNUSABLE = "left out: damaged in the copy too, use an earlier moment"
    TEMPORARY = "left out: temporary, or a secret"


@dataclass(frozen=True)
class SinceCopy:
    """`erased`, `withdrawn`: when staff last did this to a signature, by its id, since the copy's moment.

    `withdrawn_by_link`, `unsubscribed`: ids from the engineer's files.
    """

    now: datetime
    erased: Mapping[str, datetime] = field(default_factory=dict)
    withdrawn: Mapping[str, datetime] = field(default_factory=dict)
    withdrawn_by_link: frozenset[str] = frozenset()
    unsubscribed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class RestoreDecision:
    outcome: RestoreOutcome
    # None: write nothing, or the outcome is WITHDRAWN. Then restore.py calls `withdraw`.
    write: NewItem | Change | None = None


Rule = Callable[[Item, Item | None, SinceCopy], RestoreDecision]


def new_item(table: str, copied: Item, added: Mapping[str, Any]) -> NewItem:
    return NewItem(item_key(table, copied), {**copied, **added})


def item_key(table: str, item: Item) -> Key:
    return Key(table, item["pk"], item["sk"])


# The other partitions of COUNTS are temporary, or have secrets, and a revoked secret must not return.
RESTORED_COUNTS = (
    "PETITIONS", "SLUGS", "TEXT#", "LETTER#", "TALLY#", "PENDING#", "CONSTITUENCIES#", "FUNNEL#", "FUNNEL-DAYS#",
    "STATEMENT#", "UPDATES#", "LETTERS#", "TARGET#", "DIGEST#", "PARTNERS", "WORDING#", "RECEIPT#", "PICTURE#",
)  # fmt: skip


def is_left_out(table: str, copied: Item) -> bool:
    """Return whether the item is temporary or a secret, so that its live item is not read. Engineers may not read
    tokens.
    """
    return table == keys.COUNTS and not copied["pk"].startswith(RESTORED_COUNTS)


def decide_count(copied: Item, live: Item | None, since_copy: SinceCopy) -> RestoreDecision:
    """A counter that exists but is wrong is not restored: a recount repairs it."""
    if is_left_out(keys.COUNTS, copied):
        return RestoreDecision(RestoreOutcome.TEMPORARY)
    return _restore_missing(keys.COUNTS, copied, live)


def decide_audit_entry(copied: Item, live: Item | None, since_copy: SinceCopy) -> RestoreDecision:
    return _restore_missing(keys.AUDIT, copied, live)


def decide_delivery(copied: Item, live: Item | None, since_copy: SinceCopy) -> RestoreDecision:
    """An email that waits in the copy may have been sent since: mark it as unknown, so that it is never sent."""
    without_request = {name: value for name, value in copied.items() if name not in MAIL_REQUEST_FIELDS}
    is_waiting = without_request != copied  # Only an email that waits has MAIL_REQUEST_FIELDS.
    mark = {"mail_unknown_at": iso(since_copy.now)} if is_waiting else {}
    return _restore_missing(keys.DELIVERIES, without_request | mark, live)


def _restore_missing(table: str, copied: Item, live: Item | None) -> RestoreDecision:
    if live is None:
        return RestoreDecision(RestoreOutcome.PUT_BACK, new_item(table, copied, {}))
    outcome = RestoreOutcome.SAME if live == copied else RestoreOutcome.NEWER
    return RestoreDecision(outcome)
