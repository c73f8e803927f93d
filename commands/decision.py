"""What `manage.py restore` can decide about an item of a copy, and what the decision depends on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from chalicelib.aws.table import Change, Item, NewItem
from chalicelib.core.keys import Key


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
