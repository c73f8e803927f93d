"""What must be true of everything that ever happened to the signatures, told from their changes and the mails."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from chalicelib.aws.email import Mail
from chalicelib.core.times import iso
from chalicelib.petitions.model import Petition
from chalicelib.signatures.model import MAIL_PAUSE, MAX_MAILS, UNMAILED_LIFETIME
from chalicelib.tallies.model import By
from tests.flows.passage import Passage
from tests.streaming import Record

FAR = 2**40
# Who may bring a signature into this state (None: away).
MOVED_BY = {
    "pending": {"sign", "store_overflow"},
    "confirmed": {"confirm"},
    "withdrawn": {"withdraw"},
    None: {"expire"},
}
MOVES = {
    (None, "pending"), ("pending", "confirmed"), ("pending", "withdrawn"), ("confirmed", "withdrawn"),
    ("withdrawn", "pending"), ("pending", None), ("withdrawn", None),
}  # fmt: skip


@dataclass(frozen=True)
class Event:
    """What was done, when, to which petition (as stored), and whether AWS was in trouble meanwhile."""

    name: str
    moment: datetime
    petition: Petition
    is_troubled: bool


@dataclass
class Posted:
    moment: datetime
    is_marked: bool


@dataclass
class Ledger:
    """`sums` is what every breakdown must say; `unmarked` counts the crash windows, one mail too many each."""

    sums: dict[By, Counter[str]] = field(default_factory=lambda: {by: Counter() for by in By})
    confirmed: int = 0
    passage: Passage = field(default_factory=Passage)
    counts: list[tuple[str, int]] = field(default_factory=list)
    requests: Counter[str] = field(default_factory=Counter)
    unmarked: Counter[str] = field(default_factory=Counter)
    posted: dict[str, list[Posted]] = field(default_factory=lambda: defaultdict(list))
    ended: dict[str, datetime] = field(default_factory=dict)

    def take(self, event: Event, records: Sequence[Record], mails: Sequence[Mail]) -> None:
        for _, before, after in records:
            self._take_change(event, before or {}, after or {})
            self.passage.take(before or {}, after or {})
        marked = Counter(_id(old, new) for _, old, new in records if _mails(new) > _mails(old) and old)
        self._take_mails(event, mails, marked)
        self.counts.append((iso(event.moment), self.confirmed))

    def _take_change(self, event: Event, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        move = before.get("state"), after.get("state")
        if move[0] != move[1]:
            assert move in MOVES, f"{move} while {event.name}"
            assert event.name in MOVED_BY[move[1]], f"{move} while {event.name}"
            self._move(event, before, after)
        if "mail_kind" in after and (before.get("mail_requested_at"), before.get("signed_at")) != (
            after["mail_requested_at"],
            after["signed_at"],
        ):
            self.requests[after["sk"]] += 1
        if "mail_kind" in before and before.get("mail_requested_at") != after.get("mail_requested_at"):
            assert _may_end(event, before, after), f"a request was lost while {event.name}: {before} became {after}"

    def _move(self, event: Event, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        if after.get("state") == "confirmed":
            assert after["confirmed_at"] == iso(event.moment)
            assert "expires_at" not in after, "a confirmed signature must never expire"
            self._count(+1, event.moment, after)
        if before.get("state") == "confirmed":
            self._count(-1, event.moment, before)
        if after.get("state") in ("withdrawn", None):
            self.ended[_id(before, after)] = event.moment

    def _count(self, amount: int, moment: datetime, item: Mapping[str, Any]) -> None:
        self.confirmed += amount
        self.sums[By.DAY][f"{moment:%Y-%m-%d}"] += amount
        self.sums[By.HOUR][f"{moment:%Y-%m-%dT%H}:00:00Z"] += amount
        self.sums[By.COUNTRY][item["country"]] += amount
        self.sums[By.SOURCE][item["source"]] += amount

    def _take_mails(self, event: Event, mails: Sequence[Mail], marked: Counter[str]) -> None:
        sent = Counter(mail.tags["signature"] for mail in mails)
        assert not marked - sent, "a mail was marked that was not sent"
        assert event.is_troubled or sent == marked, "a mail was sent and not marked, though nothing failed"
        assert all(number == 1 for number in sent.values()), "two at the same moment"
        self.unmarked.update(sent - marked)
        for identity in sent:
            self._has_paused(identity, event.moment)
            self.posted[identity].append(Posted(event.moment, identity in marked))
            number, crashes = len(self.posted[identity]), self.unmarked[identity]
            assert number <= MAX_MAILS + crashes, "too many mails"
            assert number <= self.requests[identity] + crashes, "a mail that nobody wished for"

    def _has_paused(self, identity: str, moment: datetime) -> None:
        """A crash is not written down; and with whoever withdraws, the claim goes that would tell of it."""
        last = self.posted[identity][-1] if self.posted[identity] else None
        if last and (last.is_marked or self.ended.get(identity, last.moment) <= last.moment):
            assert moment - last.moment >= MAIL_PAUSE, "two mails within a minute"

    def count_may_be(self, count: int, as_of: str) -> bool:
        """Within that second."""
        before = [number for moment, number in self.counts if moment < as_of][-1:]
        return count in (before or [0]) + [number for moment, number in self.counts if moment == as_of]


def _may_end(event: Event, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Sent, refused, of no use any more, or forgotten with its signature after its time."""
    is_settled = _mails(after) > _mails(before) or "undeliverable" in {**before, **after}
    if is_settled or not event.petition.confirmable_at(event.moment):
        return True
    if not after or before.get("expires_at", FAR) <= event.moment.timestamp():
        is_old = before["mail_requested_at"] <= iso(event.moment - UNMAILED_LIFETIME)
        return bool(is_old or before["mails"] >= MAX_MAILS)
    return bool(before["state"] != after["state"])


def _mails(image: Mapping[str, Any] | None) -> int:
    return int((image or {}).get("mails", 0))


def _id(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> str:
    return str((after or before or {})["sk"])


def lasts(moment: datetime) -> datetime:
    """Until when the link in a mail of this moment works by itself; whether the petition is closed is asked then."""
    return moment + timedelta(days=14)
