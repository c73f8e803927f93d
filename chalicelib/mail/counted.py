"""Count the emails of a kind exactly, by outcome and day.

One transaction changes an email's outcome and the counters, on the condition that the old outcome is still stored. So
the counters stay exact after retries and crashes. They include emails whose item has expired.

requested = waiting + sent + failed + unknown + dropped

Waiting emails have no counter: their number follows from the others.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from chalicelib.aws.table import Change, Item, NewItem, Tables, is_still
from chalicelib.core.errors import ConditionFailed, Conflicted
from chalicelib.core.times import iso
from chalicelib.mail.deliveries import FAILURES, OUTCOME_ATTRIBUTES, Deliveries, DeliveryOutcome, outcome_of
from chalicelib.mail.model import MailRequest
from chalicelib.mail.state import is_requested
from chalicelib.signatures.counted import ATTEMPTS, wait_after_conflict
from chalicelib.signatures.model import MAIL_REQUEST_FIELDS

REQUESTED = "requested"
_OUTCOME_TIMES = {
    DeliveryOutcome.SENT: "mailed_at",
    DeliveryOutcome.UNKNOWN: "mail_unknown_at",
    DeliveryOutcome.DROPPED: "mail_dropped_at",
}


@dataclass(frozen=True, kw_only=True)
class CountedDeliveries(Deliveries):
    """Each request and each outcome is counted on the day (UTC) when it happens.

    If an outcome changes, the old one is subtracted on its own day. `extras`: the names of all attributes that a
    request may store as `extra`.
    """

    extras: tuple[str, ...] = ()

    @abstractmethod
    def counter_change(self, key: str, day: date, numbers: Mapping[str, int], tables: Tables) -> Change:
        """Add `numbers` (by outcome) to the counter that counts this email on this day."""

    def put(self, new: NewItem, key: str, now: datetime, tables: Tables) -> None:
        transact(self.writes(new, key, now, tables), tables)

    def writes(self, new: NewItem, key: str, now: datetime, tables: Tables) -> list[NewItem | Change]:
        return [new, self.counter_change(key, now.date(), {REQUESTED: 1}, tables)]

    def mark_sent(self, request: MailRequest, at: datetime, tables: Tables) -> None:
        # `mails` is the number of emails: of one delivery, only one email is ever sent.
        self._settle(request, DeliveryOutcome.SENT, at, {"mailed_at": iso(at), "mails": 1}, tables)

    def mark_unknown(self, request: MailRequest, now: datetime, tables: Tables) -> None:
        self._settle(request, DeliveryOutcome.UNKNOWN, now, {"mail_unknown_at": iso(now)}, tables)

    def mark_refused(self, request: MailRequest, now: datetime, tables: Tables) -> None:
        self._settle(request, DeliveryOutcome.FAILED, now, {"undeliverable": "refused"}, tables)

    def drop(self, request: MailRequest, now: datetime, tables: Tables) -> None:
        self._settle(request, DeliveryOutcome.DROPPED, now, {"mail_dropped_at": iso(now)}, tables)

    def request_again(self, key: str, now: datetime, tables: Tables, **extra: str) -> MailRequest | None:
        """Request a dropped email again, and count it as waiting. On its item, `extra` replaces that of before.

        Return None if the email is not dropped, or was requested again meanwhile.
        """
        item = tables.get(self.item_key(key), consistent=True) or {}
        dropped_at = item.get("mail_dropped_at")
        if dropped_at is None:
            return None
        self.mark_group(key, now, tables)
        requested = self.request_attributes(now)
        is_dropped = is_still("mail_dropped_at", dropped_at)
        old_extras = [name for name in self.extras if name not in extra]
        removed = ["mail_dropped_at", *old_extras]
        change = Change(self.item_key(key), assign=requested | extra, remove=removed, when=is_dropped)
        # Take back the drop on its own day. The email is still counted as requested, so it waits again.
        counted_on = datetime.fromisoformat(dropped_at).date()
        counter_change = self.counter_change(key, counted_on, {DeliveryOutcome.DROPPED: -1}, tables)
        try:
            transact([change, counter_change], tables)
        except ConditionFailed:
            return None
        return MailRequest(kind=self.kind, key=key, requested_at=iso(now))

    def mark_undeliverable(self, key: str, reason: str, now: datetime, tables: Tables) -> None:
        """Count a bounced or rejected email as failed. One with a complaint arrived, so it is sent.

        SES's event may come before `mark_sent`. Then the event settles the request, and `mark_sent` changes nothing.
        """
        for _ in range(ATTEMPTS):
            item = tables.get(self.item_key(key), consistent=True)
            if item is None or "undeliverable" in item:
                return
            with suppress(ConditionFailed):  # The item has changed since it was read. Read it again.
                transact(self._undeliverable_changes(key, item, reason, now, tables), tables)
                return
        raise Conflicted("storage")

    def _undeliverable_changes(self, key: str, item: Item, reason: str, now: datetime, tables: Tables) -> list[Change]:
        before = outcome_of(item)
        assign: dict[str, str | int] = {"undeliverable": reason}
        if reason not in FAILURES:  # A complaint proves that the email arrived.
            assign |= {"mailed_at": item.get("mailed_at", iso(now)), "mails": 1}
        after = outcome_of({**item, **assign})
        # Write only if no attribute that decides the outcome has changed meanwhile.
        first, *others = OUTCOME_ATTRIBUTES
        is_unchanged = is_still(first, item.get(first))
        for name in others:
            is_unchanged &= is_still(name, item.get(name))
        update = Change(self.item_key(key), assign=assign, remove=MAIL_REQUEST_FIELDS, when=is_unchanged)
        return [update, *self._counter_changes(key, item, before, after, now, tables)]

    def _counter_changes(
        self, key: str, item: Item, before: DeliveryOutcome, after: DeliveryOutcome, now: datetime, tables: Tables
    ) -> list[Change]:
        """Add the new outcome today, and subtract the old one on its own day.

        A waiting email has no counter to subtract from. The old outcome is never FAILED: a failed email stays failed.
        """
        if before is after:
            return []
        today, numbers = now.date(), {str(after): 1}
        if before is DeliveryOutcome.WAITING:
            return [self.counter_change(key, today, numbers, tables)]
        counted_on = datetime.fromisoformat(item[_OUTCOME_TIMES[before]]).date()
        if counted_on == today:
            return [self.counter_change(key, today, {**numbers, str(before): -1}, tables)]
        subtraction = self.counter_change(key, counted_on, {str(before): -1}, tables)
        return [subtraction, self.counter_change(key, today, numbers, tables)]

    def _settle(
        self, request: MailRequest, outcome: DeliveryOutcome, at: datetime, assign: Mapping[str, Any], tables: Tables
    ) -> None:
        """If its request is settled already, do nothing."""
        key, when = self.item_key(request.key), is_requested(request)
        change = Change(key, assign=assign, remove=MAIL_REQUEST_FIELDS, when=when)
        counter_change = self.counter_change(request.key, at.date(), {outcome: 1}, tables)
        with suppress(ConditionFailed):
            transact([change, counter_change], tables)


def transact(writes: Sequence[Change | NewItem], tables: Tables) -> None:
    """Write all or nothing. Raise ConditionFailed, or Conflicted after ATTEMPTS conflicts with other writes."""
    for attempt in range(ATTEMPTS):
        try:
            return tables.transact(writes)
        except Conflicted:
            wait_after_conflict(attempt)
    raise Conflicted("storage")
