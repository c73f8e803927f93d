"""Decide for one item of a restored copy what a restore writes into the live table. No AWS, no clock.

The times in a signature show whether it was damaged or changed. The application changes what was signed only together
with a time: of signing, confirming, withdrawing or erasing. So an item with the same times as the copy and other signed
data was damaged. If a confirmed signature is now pending without `withdrawn_at`, it was deleted, and its owner signed
anew.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import reduce
from operator import and_
from typing import Any

from pydantic import ValidationError

from chalicelib.aws.table import Change, Condition, Item, NewItem, is_still
from chalicelib.core import keys
from chalicelib.core.keys import Key
from chalicelib.core.times import iso
from chalicelib.mail.state import REQUEST
from chalicelib.signatures.model import MAIL_REQUEST, PERSONAL, Signature, SignatureState

MOMENTS = ("signed_at", "confirmed_at", "withdrawn_at", "erased_at")
# The attributes that change only together with one of these times. The state of email and `updates` change alone.
SIGNED = ("state", *PERSONAL, "obtained_by", "channel", "text_version", "consent_version", *MOMENTS)

# The application never takes these away from an item.
MAIL_FACTS = ("mails", "mailed_at", "undeliverable")

# Of the counts table. The rest is temporary, or gives access (a revoked token must not come back).
RESTORED_COUNTS = (
    "PETITIONS", "SLUGS", "TEXT#", "LETTER#", "TALLY#", "PENDING#", "CONSTITUENCIES#", "FUNNEL#", "FUNNEL-DAYS#",
    "STATEMENT#", "UPDATES#", "LETTERS#", "TARGET#", "DIGEST#",
)  # fmt: skip


class RestoreOutcome(StrEnum):
    """What happens to an item of the copy, in the words of the report."""

    SAME = "unchanged"
    PUT_BACK = "put back"
    REPAIRED = "repaired"
    NEWER = "kept: the live item has changed since"
    EXPIRED = "left out: expired"
    GONE = "left out: withdrawn or erased since"
    LEFT_OUT = "left out: in the file"
    WITHDRAWN = "withdrawn: in the file, and put back by an earlier run"
    UNSUBSCRIBED = "unsubscribed: in the file, and put back by an earlier run"
    UNUSABLE = "left out: damaged in the copy too, use an earlier moment"
    TEMPORARY = "left out: temporary, or a token"


@dataclass(frozen=True)
class Known:
    """Signatures that were withdrawn or erased since the copy's moment: by id, the time of the last such action."""

    now: datetime
    erased: Mapping[str, datetime] = field(default_factory=dict)
    withdrawn: Mapping[str, datetime] = field(default_factory=dict)
    left_out: frozenset[str] = frozenset()
    unsubscribed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class RestoreDecision:
    outcome: RestoreOutcome
    write: NewItem | Change | None = None


Rule = Callable[[Item, Item | None, Known], RestoreDecision]


def signature(kept: Item, live: Item | None, known: Known) -> RestoreDecision:
    """`kept` is the copy's item, `live` the live table's."""
    if live is not None and not _is_damaged(kept, live):
        return _left_while_missing(live, known) if _part(kept) == _part(live) else RestoreDecision(RestoreOutcome.NEWER)
    why_not = _why_not(kept, known)
    if why_not:
        return RestoreDecision(why_not)
    if live is None:
        marks = {"restored_at": iso(known.now), "updates": _wants_updates(kept, known)}
        return RestoreDecision(RestoreOutcome.PUT_BACK, _new(keys.SIGNATURES, kept, marks))
    return RestoreDecision(RestoreOutcome.REPAIRED, _repair(kept, live, known))


def _left_while_missing(live: Item, known: Known) -> RestoreDecision:
    """Withdraw or unsubscribe a person who asked for it while the item was missing: their request changed nothing."""
    if "restored_at" in live and live["sk"] in known.left_out and live["state"] != SignatureState.WITHDRAWN:
        return RestoreDecision(RestoreOutcome.WITHDRAWN)
    if "restored_at" in live and live.get("updates") and live["sk"] in known.unsubscribed:
        change = Change(_key(keys.SIGNATURES, live), assign={"updates": False}, when=_is_as_seen(live))
        return RestoreDecision(RestoreOutcome.UNSUBSCRIBED, change)
    return RestoreDecision(RestoreOutcome.SAME)


def count(kept: Item, live: Item | None, known: Known) -> RestoreDecision:
    """Restore only a missing counter. One that exists may have changed since, and a recount repairs it."""
    if live is None and not kept["pk"].startswith(RESTORED_COUNTS):
        return RestoreDecision(RestoreOutcome.TEMPORARY)
    return _missing(keys.COUNTS, kept, live)


def entry(kept: Item, live: Item | None, known: Known) -> RestoreDecision:
    """An entry of the audit trail never changes."""
    return _missing(keys.AUDIT, kept, live)


def delivery(kept: Item, live: Item | None, known: Known) -> RestoreDecision:
    """An email that waited in the copy may have been sent since. So it comes back as unknown, and is not sent again."""
    settled = {name: value for name, value in kept.items() if name not in REQUEST}
    waited = {} if len(settled) == len(kept) else {"mail_unknown_at": iso(known.now)}
    return _missing(keys.DELIVERIES, settled | waited, live)


def _missing(table: str, kept: Item, live: Item | None) -> RestoreDecision:
    if live is None:
        return RestoreDecision(RestoreOutcome.PUT_BACK, _new(table, kept, {}))
    return RestoreDecision(RestoreOutcome.SAME if live == kept else RestoreOutcome.NEWER)


def _is_damaged(kept: Item, live: Item) -> bool:
    was_reset = (
        kept.get("state") == SignatureState.CONFIRMED
        and live.get("state") == SignatureState.PENDING
        and live.get("withdrawn_at") == kept.get("withdrawn_at")
    )
    own_moments = [name for name in MOMENTS if name in live and live[name] != kept.get(name)]
    return was_reset or (not own_moments and _part(kept) != _part(live))


def _why_not(kept: Item, known: Known) -> RestoreOutcome | None:
    """Return why an item of the copy is not restored: it has expired, or the person has withdrawn or been erased."""
    try:
        signature = Signature.model_validate(kept)
    except ValidationError:
        return RestoreOutcome.UNUSABLE
    if signature.state is not SignatureState.WITHDRAWN and not (
        signature.name and signature.email and signature.country
    ):
        return RestoreOutcome.UNUSABLE
    if signature.expires_at is not None and signature.expires_at <= known.now:
        return RestoreOutcome.EXPIRED
    if kept["sk"] in known.left_out:
        return RestoreOutcome.LEFT_OUT
    return RestoreOutcome.GONE if _has_gone(kept["sk"], signature, known) else None


def _has_gone(identity: str, signature: Signature, known: Known) -> bool:
    """Return whether the person withdrew or was erased after signing. An item that is empty may be restored."""

    def since(acts: Mapping[str, datetime]) -> bool:
        return identity in acts and acts[identity] >= signature.signed_at

    was_erased = since(known.erased) and signature.erased_at is None
    was_withdrawn = since(known.withdrawn) and signature.state is not SignatureState.WITHDRAWN
    return was_erased or was_withdrawn


def _wants_updates(item: Item, known: Known) -> bool:
    return bool(item.get("updates")) and item["sk"] not in known.unsubscribed


def _repair(kept: Item, live: Item, known: Known) -> Change:
    """Return the change that writes the copy's signed data. The state of email and `updates` stay as they are now."""
    lost = {name: kept[name] for name in MAIL_FACTS if name in kept and name not in live}
    assign: dict[str, Any] = {**_part(kept), **lost, "restored_at": iso(known.now)}
    assign["updates"] = _wants_updates(kept, known) and _wants_updates(live, known)
    absent = [name for name in SIGNED if name not in kept]
    if kept["state"] == SignatureState.CONFIRMED:
        absent += ["expires_at", *(MAIL_REQUEST if live.get("state") != SignatureState.CONFIRMED else ())]
    elif "expires_at" in kept and "expires_at" not in live:
        assign["expires_at"] = kept["expires_at"]
    return Change(_key(keys.SIGNATURES, kept), assign=assign, remove=absent, when=_is_as_seen(live))


def _is_as_seen(live: Item) -> Condition:
    names = (*SIGNED, *MAIL_FACTS, "updates")
    return reduce(and_, (is_still(name, live.get(name)) for name in names))


def _part(item: Item) -> Item:
    return {name: item[name] for name in SIGNED if name in item}


def _new(table: str, kept: Item, marks: Mapping[str, Any]) -> NewItem:
    return NewItem(_key(table, kept), {**kept, **marks})


def _key(table: str, item: Item) -> Key:
    return Key(table, item["pk"], item["sk"])
