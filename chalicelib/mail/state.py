"""The state of a requested email: requested ─claim─► claimed ─► sent | refused | dropped | unknown.

A claim keeps other senders from the email for a time. A postponed email is due later, without a claim. In the first two
states, the request is open. In the last four it is settled: it is removed. A request of an undeliverable email may
still be stored, but it is not open. The state is in attributes such as `mail_requested_at`, on the item of `item_key`.

SES has no idempotency token. After a crash between sending and marking, AfterCrash says what happens. Messages may
repeat or be late, so each contains the `requested_at` of its request. The sweep (sweep.py) queues lost requests.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.aws.table import Attr, Change, Condition, Item, Tables, absent_or_at_most
from chalicelib.core.keys import Key
from chalicelib.core.times import iso
from chalicelib.mail.model import MailRequest
from chalicelib.signatures.mail_state import may_have_more_mail
from chalicelib.signatures.model import MAIL_REQUEST_FIELDS

CLAIM_ATTRIBUTES = ("mail_claimed_until", "mail_began_at")
OPEN_REQUEST = ("pk", "sk", "mail_kind", "mail_requested_at", "mail_queued_at", "mail_due_at", "mail_claimed_until")


@dataclass(frozen=True, kw_only=True)
class DeliveryState(ABC):
    """How emails of some kinds store their state, and which limits these kinds have.

    Each key gets at most `max_emails` emails (None: any number), with at least `min_interval` between two emails.
    """

    max_emails: int | None
    min_interval: timedelta
    # The sweep queues a postponed email this long before it is due. Until then, the message waits in the queue.
    lead_time: timedelta = timedelta()

    @abstractmethod
    def item_key(self, key: str) -> Key:
        """`key`: the delivery's own key. The returned one is that of the table's item."""

    @abstractmethod
    def key_of(self, item: Mapping[str, Any]) -> str:
        """The opposite of `item_key`."""

    @abstractmethod
    def has_group(self, group: str) -> bool:
        """A group is a set of partitions (outstanding.py)."""

    @abstractmethod
    def groups(self, first: str, tables: Tables) -> Iterable[str]:
        """Sorted, beginning with `first` ("": all)."""

    @abstractmethod
    def mark_sent(self, request: MailRequest, at: datetime, tables: Tables) -> None:
        """Record and count the sent email, even if a newer request has replaced this one."""

    @abstractmethod
    def mark_undeliverable(self, key: str, reason: str, now: datetime, tables: Tables) -> None:
        """After a permanent bounce or complaint, stop all email to this key. Idempotent; events come in any order."""

    def request_of(self, item: Mapping[str, Any]) -> MailRequest:
        return MailRequest(kind=item["mail_kind"], key=self.key_of(item), requested_at=item["mail_requested_at"])

    def claim(self, request: MailRequest, now: datetime, lease: timedelta, tables: Tables) -> Item:
        """Claim the request for `lease` and return the item.

        Raise ConditionFailed if it is already claimed, no longer requested, not due, over the limit or undeliverable,
        or if the last email was sent less than `min_interval` ago.
        """
        until = _seconds(now + lease)
        is_interval_over = absent_or_at_most("mailed_at", iso(now - self.min_interval))
        may_be_sent = is_interval_over & may_have_more_mail(self.max_emails) & _is_due(now)
        is_free = absent_or_at_most("mail_claimed_until", int(now.timestamp()))
        when = is_requested(request) & is_free & may_be_sent
        change = Change(self.item_key(request.key), assign={"mail_claimed_until": until}, when=when)
        return tables.update_and_read(change)

    def is_still_requested(self, request: MailRequest, item: Mapping[str, Any] | None) -> bool:
        """Return whether the email may still be sent later. `item` is what a failed claim returned."""
        if item is None or item.get("mail_requested_at") != request.requested_at:
            return False
        is_below_limit = self.max_emails is None or item["mails"] < self.max_emails
        return is_below_limit and "undeliverable" not in item

    def is_postponed(self, item: Mapping[str, Any] | None, now: datetime) -> bool:
        """Another message will come when the email is due, so the sender ignores this one."""
        return item is not None and item.get("mail_due_at", "") > iso(now)

    def begin(self, request: MailRequest, now: datetime, tables: Tables) -> bool:
        """Record that sending begins.

        Return False if the request is settled, or replaced by a newer one. Then the email must not be sent.
        """
        return self._try_change(request, {"mail_began_at": iso(now)}, (), tables)

    def mark_unknown(self, request: MailRequest, now: datetime, tables: Tables) -> None:
        """The email may have been sent. Remove the request, so that it is never sent again."""
        self._try_change(request, {"mail_unknown_at": iso(now)}, MAIL_REQUEST_FIELDS, tables)

    def release(self, request: MailRequest, until: datetime, tables: Tables, *, is_booked: bool = False) -> None:
        """Release the claim of an email that was not sent. Otherwise the next attempt waits until the claim expires.

        `until`: when this claim expires. If AWS handles a repeat of this call late, the next attempt keeps its claim.
        `is_booked`: the network's limit has counted the email. So remove what would make the next attempt book a turn
        (`mail_network`) or wait for one (`mail_due_at`).
        """
        removed = (*CLAIM_ATTRIBUTES, "mail_network", "mail_due_at") if is_booked else CLAIM_ATTRIBUTES
        is_own = is_requested(request) & Attr("mail_claimed_until").eq(_seconds(until))
        tables.try_update(Change(self.item_key(request.key), remove=removed, when=is_own))

    def postpone(self, request: MailRequest, due: datetime, tables: Tables) -> None:
        """Release the claim. The relay or the sweep queues the request again for `due`.

        If the signer's network has a limit, it has counted the email. So remove `mail_network`.
        """
        if due.microsecond > 0:  # Round up, because `iso` cuts off fractions.
            due = due.replace(microsecond=0) + timedelta(seconds=1)
        self._try_change(request, {"mail_due_at": iso(due)}, (*CLAIM_ATTRIBUTES, "mail_network"), tables)

    def drop(self, request: MailRequest, now: datetime, tables: Tables) -> None:
        """The email would be useless by now or is no longer wanted. `now`: for subclasses."""
        self._try_change(request, {}, MAIL_REQUEST_FIELDS, tables)

    def mark_refused(self, request: MailRequest, now: datetime, tables: Tables) -> None:
        """SES will never accept email to this key. Remove the request. `now`: for subclasses."""
        self._try_change(request, {"undeliverable": "refused"}, MAIL_REQUEST_FIELDS, tables)

    def mark_queued(self, request: MailRequest, at: datetime, tables: Tables) -> None:
        """`at`: when the message of the request that was queued again arrives."""
        self._try_change(request, {"mail_queued_at": iso(at)}, (), tables)

    def open_requests(self, start: Key, page_size: int, tables: Tables) -> tuple[list[Item], str | None]:
        """Return the open requests in the next `page_size` items, and the sort key to continue after (None: the end).

        Eventually consistent. Leave out the stored requests of undeliverable emails.
        """
        is_open = Attr("mail_requested_at").exists() & may_have_more_mail(self.max_emails)
        return tables.page(start, OPEN_REQUEST, is_open, page_size)

    def lost_at(self, item: Mapping[str, Any], lost_after: timedelta, requeue_after: timedelta) -> datetime:
        """Return when the message of an open request counts as lost, so that the sweep queues the request again.

        Count `lost_after` from the request. If the sweep has queued it again, count from the arrival of that message
        (`mail_queued_at`), and wait at least `requeue_after`. A postponed request is queued `lead_time` before it is
        due. Never return a time within a claim: it may yet be sent.
        """
        claim_ends_at = datetime.fromtimestamp(item.get("mail_claimed_until", 0), UTC)
        # The sweep has queued no message (""), or its last message arrives before the due time.
        must_queue_for_due_time = "mail_due_at" in item and item.get("mail_queued_at", "") < item["mail_due_at"]
        if must_queue_for_due_time:
            return max(datetime.fromisoformat(item["mail_due_at"]) - self.lead_time, claim_ends_at)
        times = [datetime.fromisoformat(item["mail_requested_at"]) + lost_after]
        if "mail_queued_at" in item:
            times.append(datetime.fromisoformat(item["mail_queued_at"]) + max(lost_after, requeue_after))
        return max(*times, claim_ends_at)

    def _try_change(self, request: MailRequest, assign: Item, remove: tuple[str, ...], tables: Tables) -> bool:
        """If the request is settled or replaced by a newer one, change nothing and return False."""
        change = Change(self.item_key(request.key), assign=assign, remove=remove, when=is_requested(request))
        return tables.try_update(change)


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def is_requested(request: MailRequest) -> Condition:
    return Attr("mail_requested_at").eq(request.requested_at)


def _is_due(now: datetime) -> Condition:
    """With `mail_network`, a request is always due, so that its sender books the network's turn (turns.py)."""
    return absent_or_at_most("mail_due_at", iso(now)) | Attr("mail_network").exists()
