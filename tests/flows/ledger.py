"""Check the changes of signatures and the sent emails, and keep the expected counts."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from chalicelib.aws.email import Mail
from chalicelib.core.times import iso
from chalicelib.petitions.model import Petition
from chalicelib.signatures.model import MAIL_PAUSE, UNMAILED_LIFETIME
from chalicelib.tallies.model import By
from tests.flows.passage import Passage
from tests.streaming import Record

FAR = 2**40
# The events that may bring a signature into each state (None: deleted).
TRANSITIONED_BY = {
    "pending": {"sign", "store_overflow"},
    "confirmed": {"confirm"},
    "withdrawn": {"withdraw"},
    None: {"expire"},
}
TRANSITIONS = {
    (None, "pending"), ("pending", "confirmed"), ("pending", "withdrawn"), ("confirmed", "withdrawn"),
    ("withdrawn", "pending"), ("pending", None), ("withdrawn", None),
}  # fmt: skip


@dataclass(frozen=True)
class Event:
    """A handler's run: its name, its time, the petition as stored, and whether AWS had faults."""

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
    """`sums`: the expected breakdowns. `unmarked`: emails sent but not marked, because of a crash."""

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
        states = before.get("state"), after.get("state")
        if states[0] != states[1]:
            assert states in TRANSITIONS, f"{states} during {event.name}"
            assert event.name in TRANSITIONED_BY[states[1]], f"{states} during {event.name}"
            self._transition(event, before, after)
        if "mail_kind" in after and (before.get("mail_requested_at"), before.get("signed_at")) != (
            after["mail_requested_at"],
            after["signed_at"],
        ):
            self.requests[after["sk"]] += 1
        if "mail_kind" in before and before.get("mail_requested_at") != after.get("mail_requested_at"):
            assert _may_end(event, before, after), f"mail request lost during {event.name}: {before} became {after}"

    def _transition(self, event: Event, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
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
        sent = Counter(mail.tags["key"].partition("_")[2] for mail in mails)
        assert not marked - sent, "an email was marked as sent but not sent"
        assert event.is_troubled or sent == marked, "an email was sent but not marked, though nothing failed"
        assert all(number == 1 for number in sent.values()), "two emails to one person at the same time"
        self.unmarked.update(sent - marked)
        for identity in sent:
            self._has_paused(identity, event.moment)
            self.posted[identity].append(Posted(event.moment, identity in marked))
            number, crashes = len(self.posted[identity]), self.unmarked[identity]
            hour = [each for each in self.posted[identity] if event.moment - each.moment < timedelta(hours=1)]
            assert len(hour) <= 3 + crashes, "too many emails"
            assert number <= self.requests[identity] + crashes, "an email without a mail request"

    def _has_paused(self, identity: str, moment: datetime) -> None:
        """Assert a minute between two emails, unless a crash or a withdrawal removed the record of the first."""
        last = self.posted[identity][-1] if self.posted[identity] else None
        if last and (last.is_marked or self.ended.get(identity, last.moment) <= last.moment):
            assert moment - last.moment >= MAIL_PAUSE, "two emails within a minute"

    def count_may_be(self, count: int, as_of: str) -> bool:
        """Whether the count was right at some time within that second."""
        before = [number for moment, number in self.counts if moment < as_of][-1:]
        return count in (before or [0]) + [number for moment, number in self.counts if moment == as_of]


def _may_end(event: Event, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether a mail request may be removed: sent, refused, no longer useful, or expired with its signature."""
    if _mails(after) > _mails(before) or "undeliverable" in {**before, **after}:
        return True
    if not after or before.get("expires_at", FAR) <= event.moment.timestamp():
        is_old = before["mail_requested_at"] <= iso(event.moment - UNMAILED_LIFETIME)
        return bool(is_old)
    return bool(before["state"] != after["state"])


def _mails(image: Mapping[str, Any] | None) -> int:
    return int((image or {}).get("mails", 0))


def _id(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> str:
    return str((after or before or {})["sk"])


def lasts(moment: datetime) -> datetime:
    """Return when the link in an email of this time expires. It stops earlier if the petition closes."""
    return moment + timedelta(days=14)
