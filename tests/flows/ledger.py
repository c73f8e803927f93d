"""Check the changes of signatures and the sent emails, and keep the expected counts, funnel and breakdowns."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from chalicelib.aws.email import Mail
from chalicelib.core.times import iso
from chalicelib.petitions.model import Petition
from chalicelib.projections.dimensions import Dimension
from chalicelib.signatures.model import MIN_MAIL_INTERVAL, UNMAILED_LIFETIME
from chalicelib.tallies.model import TallyDimension
from tests.located import TABLE
from tests.streaming import Record

Image = Mapping[str, Any]
STAGE_OF = {"pending": "received", "confirmed": "confirmed", "withdrawn": "withdrawn"}
# A change to the first state is no stage if it came from these: what is removed or held is in no funnel.
STAFF_MADE = {"pending": ("removed",), "confirmed": ("removed",), "withdrawn": ("removed", "held")}


@dataclass
class ExpectedProjections:
    """`projected`: confirmed signatures by dimension. `passed`: how many signatures passed each stage of the funnel."""

    projected: dict[str, Counter[str]] = field(default_factory=lambda: {by: Counter() for by in Dimension})
    passed: Counter[str] = field(default_factory=Counter)
    # The signatures that got an email since their last signing.
    mailed: set[str] = field(default_factory=set)

    def record(self, before: Image, after: Image) -> None:
        identity = (after or before)["sk"]
        self._record_stages(identity, before, after)
        if after.get("mails", 0) > before.get("mails", 0) and identity not in self.mailed:
            self.passed["mailed"] += 1
            self.mailed.add(identity)
        if _has_bounced(after) and not _has_bounced(before):
            self.passed["bounced"] += 1
        for image, amount in ((before, -1), (after, +1)):
            if image.get("state") == "confirmed":
                self.projected[Dimension.VERSION][image["text_version"]] += amount
                self.projected[Dimension.AREA][_area(image)] += amount
                self.projected[Dimension.CONSTITUENCY][_constituency(image)] += amount

    def _record_stages(self, identity: str, before: Image, after: Image) -> None:
        old, new = before.get("state"), after.get("state")
        is_new_signing = new == "pending" and before.get("signed_at") != after["signed_at"]
        if old == "pending" and (new is None or is_new_signing):
            self.passed["expired"] += 1
        is_by_staff = new in STAGE_OF and old in STAFF_MADE[new] and not is_new_signing
        if new in STAGE_OF and not is_by_staff and (new != old or is_new_signing):
            self.passed[STAGE_OF[new]] += 1
        # Stored times are whole seconds, so an email in the second of the new signing may have been sent after it.
        if is_new_signing and before.get("mailed_at", "") < after["signed_at"]:
            self.mailed.discard(identity)


def without_zeros(numbers: Mapping[str, int]) -> dict[str, int]:
    return {name: number for name, number in numbers.items() if number != 0}


def checked_totals(funnel: Mapping[str, Any]) -> dict[str, int]:
    """Return the funnel's totals that are not zero. Assert that each is the sum of its rows."""
    for stage, total in funnel["totals"].items():
        assert sum(row[stage] for row in funnel["rows"]) == total
    return without_zeros(funnel["totals"])


def _has_bounced(image: Image) -> bool:
    return image.get("undeliverable") not in (None, "complained")


def _area(item: Image) -> str:
    if item["country"] != "GB":
        return "outside GB"
    postcode = item.get("postcode") or ""
    area = re.sub(r"[0-9].*", "", postcode)
    return area or "no postcode"


def _constituency(item: Image) -> str:
    area = _area(item)
    return area if " " in area else TABLE.get(item["postcode"], "not in the table")


NEVER = 2**40
# The events that may bring a signature into each state (None: deleted).
EVENTS_INTO_STATE = {
    "pending": {"sign", "store_overflow", "run_address_job"},
    "confirmed": {"confirm", "run_address_job"},
    "withdrawn": {"withdraw"},
    "held": {"confirm", "run_address_job"},
    "removed": {"run_address_job"},
    None: {"expire"},
}
TRANSITIONS = {
    (None, "pending"), ("pending", "confirmed"), ("pending", "withdrawn"), ("confirmed", "withdrawn"),
    ("withdrawn", "pending"), ("pending", None), ("withdrawn", None),
    ("pending", "held"), ("held", "confirmed"), ("held", "withdrawn"), ("removed", "withdrawn"), ("removed", None),
    ("pending", "removed"), ("confirmed", "removed"), ("held", "removed"),
    ("removed", "pending"), ("removed", "confirmed"), ("removed", "held"),
}  # fmt: skip


@dataclass(frozen=True)
class Event:
    """A handler's run: its name, its time, the petition as stored, and whether AWS had faults."""

    name: str
    moment: datetime
    petition: Petition
    had_faults: bool


@dataclass
class SentEmail:
    moment: datetime
    is_marked: bool


@dataclass
class Ledger:
    """`sums`: the expected breakdowns. `unmarked`: by signature, emails sent but not marked, because of a crash."""

    sums: dict[TallyDimension, Counter[str]] = field(default_factory=lambda: {by: Counter() for by in TallyDimension})
    confirmed: int = 0
    projections: ExpectedProjections = field(default_factory=ExpectedProjections)
    # By removal: how many signatures it took out of the count, and did not put back.
    removed: Counter[str] = field(default_factory=Counter)
    counts: list[tuple[str, int]] = field(default_factory=list)
    requests: Counter[str] = field(default_factory=Counter)
    unmarked: Counter[str] = field(default_factory=Counter)
    sent_emails: dict[str, list[SentEmail]] = field(default_factory=lambda: defaultdict(list))
    # When a signature was last withdrawn or deleted.
    ended_at: dict[str, datetime] = field(default_factory=dict)

    def record(self, event: Event, records: Sequence[Record], mails: Sequence[Mail]) -> None:
        """Check one run of a handler: its changes of signatures, and the emails that it sent."""
        marked: Counter[str] = Counter()
        for _, before, after in records:
            self._record_change(event, before or {}, after or {})
            self.projections.record(before or {}, after or {})
            if _mails(after) > _mails(before):
                marked[_identity(before, after)] += 1
        self._record_mails(event, mails, marked_as_sent=marked)
        self.counts.append((iso(event.moment), self.confirmed))

    def _record_change(self, event: Event, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        old_state, new_state = before.get("state"), after.get("state")
        if old_state != new_state:
            transition = old_state, new_state
            assert transition in TRANSITIONS, f"{transition} during {event.name}"
            assert event.name in EVENTS_INTO_STATE[new_state], f"{transition} during {event.name}"
            self._transition(event, before, after)
        if old_state == new_state == "pending" and before["signed_at"] == after["signed_at"]:
            assert before["updates"] or not after["updates"], "a further submission ticked a box"
        has_new_request_time = before.get("mail_requested_at") != after.get("mail_requested_at")
        has_new_signing = before.get("signed_at") != after.get("signed_at")
        if "mail_kind" in after and (has_new_request_time or has_new_signing):
            self.requests[after["sk"]] += 1
        if "mail_kind" in before and has_new_request_time:
            assert _may_request_end(event, before, after), f"mail request lost during {event.name}: {before}, {after}"

    def _transition(self, event: Event, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        old, new = before.get("state"), after.get("state")
        if after.get("state") == "confirmed":
            assert after["confirmed_at"] == iso(event.moment)
            assert "expires_at" not in after, "a confirmed signature must never expire"
            self._count(+1, event.moment, after)
        if before.get("state") == "confirmed":
            self._count(-1, event.moment, before)
        if (old, new) == ("confirmed", "removed"):
            self.removed[after["removal"]] += 1
        if (old, new) == ("removed", "confirmed") and before["removed_from"] == "confirmed":
            self.removed[before["removal"]] -= 1
        if after.get("state") in ("withdrawn", None):
            self.ended_at[_identity(before, after)] = event.moment

    def _count(self, amount: int, moment: datetime, item: Mapping[str, Any]) -> None:
        self.confirmed += amount
        self.sums[TallyDimension.DAY][f"{moment:%Y-%m-%d}"] += amount
        self.sums[TallyDimension.HOUR][f"{moment:%Y-%m-%dT%H}:00:00Z"] += amount
        self.sums[TallyDimension.COUNTRY][item["country"]] += amount
        self.sums[TallyDimension.SOURCE][item["source"]] += amount

    def _record_mails(self, event: Event, mails: Sequence[Mail], marked_as_sent: Counter[str]) -> None:
        sent = Counter(signature_id_in(mail.tags["key"]) for mail in mails)
        assert not marked_as_sent - sent, "an email was marked as sent but not sent"
        assert event.had_faults or sent == marked_as_sent, "an email was sent but not marked, though nothing failed"
        assert all(number == 1 for number in sent.values()), "two emails to one person at the same time"
        self.unmarked.update(sent - marked_as_sent)
        for identity in sent:
            self._check_pause(identity, event.moment)
            emails, crashes = self.sent_emails[identity], self.unmarked[identity]
            emails.append(SentEmail(event.moment, identity in marked_as_sent))
            in_the_last_hour = [email for email in emails if event.moment - email.moment < timedelta(hours=1)]
            assert len(in_the_last_hour) <= 3 + crashes, "too many emails"
            assert len(emails) <= self.requests[identity] + crashes, "an email without a mail request"

    def _check_pause(self, identity: str, moment: datetime) -> None:
        """Assert a minute between two emails.

        An exception: a crash left the first email unmarked, and the signature was withdrawn or deleted afterwards.
        """
        emails = self.sent_emails[identity]
        if not emails:
            return
        last = emails[-1]
        has_ended_since = self.ended_at.get(identity, last.moment) > last.moment
        if last.is_marked or not has_ended_since:
            assert moment - last.moment >= MIN_MAIL_INTERVAL, "two emails within a minute"

    def is_possible_count(self, count: int, as_of: str) -> bool:
        """Return whether the count was right at some time within the second `as_of`."""
        earlier = [number for moment, number in self.counts if moment < as_of]
        at_first = earlier[-1] if earlier else 0
        within_the_second = [number for moment, number in self.counts if moment == as_of]
        return count in (at_first, *within_the_second)


def _may_request_end(event: Event, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Return whether a mail request may end: it was sent, refused, no longer useful, or expired with its signature."""
    is_sent = _mails(after) > _mails(before)
    is_refused = "undeliverable" in before or "undeliverable" in after
    if is_sent or is_refused:
        return True
    if not after or before.get("expires_at", NEVER) <= event.moment.timestamp():
        is_old = before["mail_requested_at"] <= iso(event.moment - UNMAILED_LIFETIME)
        return bool(is_old)
    return bool(before["state"] != after["state"])


def _mails(image: Mapping[str, Any] | None) -> int:
    return int((image or {}).get("mails", 0))


def _identity(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> str:
    image = after or before or {}
    return str(image["sk"])


def signature_id_in(delivery_key: str) -> str:
    """Return the signature's id: a delivery key is the petition's slug, `_`, and this id."""
    return delivery_key.partition("_")[2]


def link_expiry(moment: datetime) -> datetime:
    """Return when the link in an email sent at this time expires. It ends earlier if the petition closes."""
    return moment + timedelta(days=14)
