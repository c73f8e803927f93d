"""Store the state of each email in an item of its own, in the deliveries table.

Only the emails about a signature have their state elsewhere (signature_kinds.py). An item here contains no name and no
address, and it expires. The items of one kind are a group of partitions (outstanding.py).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from chalicelib.aws.queue import LONGEST_DELAY
from chalicelib.aws.table import Attr, Change, Condition, Item, NewItem, Tables
from chalicelib.core import keys
from chalicelib.core.errors import ConditionFailed
from chalicelib.core.keys import Key
from chalicelib.core.times import iso
from chalicelib.mail import outstanding
from chalicelib.mail.model import MailRequest
from chalicelib.mail.relay import CLOCKS_DIFFER
from chalicelib.mail.state import DeliveryState, is_requested
from chalicelib.signatures.model import MAIL_REQUEST_FIELDS

# They decide an outcome. A settled request has no `mail_requested_at`.
OUTCOME_ATTRIBUTES = ("mails", "undeliverable", "mail_unknown_at", "mail_requested_at")
# The recipient's server may accept other emails: perhaps somebody's own words were taken for spam.
REJECTED = "rejected"
BOUNCED, COMPLAINED = "bounced", "complained"
FAILURES = (BOUNCED, "refused", REJECTED)


class DeliveryOutcome(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    # It bounced or was refused. After a complaint the email is SENT: it arrived.
    FAILED = "failed"
    # A sender crashed, and nobody knows whether it sent the email.
    UNKNOWN = "unknown"
    # It would arrive too late or is no longer wanted.
    DROPPED = "dropped"


@dataclass(frozen=True, kw_only=True)
class Deliveries(DeliveryState):
    """The deliveries of one kind of email. DynamoDB deletes an item `lifetime` after the first request.

    An email that still waits then is never sent, so `lifetime` must be longer than any wait, which may be weeks. Once
    the item is deleted, an email with the same key can be requested again.
    """

    kind: str
    lifetime: timedelta
    max_emails: int = 1
    min_interval: timedelta = timedelta()
    # No stream relays these requests: whoever makes one sends its message (kind.py), and only the sweep queues a
    # postponed email: as early as the longest delay of a message allows. The message comes CLOCKS_DIFFER after the due
    # time, so that a sender whose clock is behind does not ignore it.
    lead_time: timedelta = timedelta(seconds=LONGEST_DELAY) - CLOCKS_DIFFER

    def request(self, key: str, now: datetime, tables: Tables, **extra: str) -> MailRequest:
        """Store the attributes `extra` on its item. Raise ConditionFailed if this key was requested before."""
        self.mark_group(key, now, tables)
        self.put(self.new_item(key, now, extra), key, now, tables)
        return MailRequest(kind=self.kind, key=key, requested_at=iso(now))

    def find_or_request(self, key: str, now: datetime, tables: Tables, **extra: str) -> MailRequest | None:
        """If it was requested before, return that request: its message may be lost. None if it is settled."""
        try:
            return self.request(key, now, tables, **extra)
        except ConditionFailed as failure:
            item = failure.item or {}
            return self.request_of(item) if "mail_requested_at" in item else None

    def new_item(self, key: str, now: datetime, extra: Mapping[str, str]) -> NewItem:
        expires = int((now + self.lifetime).timestamp())
        item = {**self.request_attributes(now), "mails": 0, "expires_at": expires}
        return NewItem(self.item_key(key), {**item, **extra})

    def request_attributes(self, now: datetime) -> dict[str, str]:
        return {"mail_kind": self.kind, "mail_requested_at": iso(now)}

    def mark_group(self, key: str, now: datetime, tables: Tables) -> None:
        """Mark the group before the request is stored: if the message gets lost, the sweep finds the email.

        If the process stops in between, a mark without a request does no harm.
        """
        group = outstanding.group_of(self.item_key(key))
        outstanding.mark_unless_recent([group], now, tables)

    def put(self, new: NewItem, key: str, now: datetime, tables: Tables) -> None:
        """A subclass can also count the request: it needs `key` and `now`."""
        tables.put_new(new)

    def writes(self, new: NewItem, key: str, now: datetime, tables: Tables) -> list[NewItem | Change]:
        """Return what a transaction must write to request the email. `key`, `now`: for subclasses."""
        return [new]

    def item_key(self, key: str) -> Key:
        return keys.delivery(self.kind, key)

    def key_of(self, item: Mapping[str, Any]) -> str:
        return str(item["sk"])

    def has_group(self, group: str) -> bool:
        return group == f"{keys.DELIVERIES}/{self.kind}"

    def groups(self, first: str, tables: Tables) -> Iterable[str]:
        group = f"{keys.DELIVERIES}/{self.kind}"
        return [group] if group >= first else []

    def outcomes(self, prefix: str, tables: Tables) -> Counter[DeliveryOutcome]:
        return Counter(outcome_of(item) for item in self.items(prefix, tables))

    def items(self, prefix: str, tables: Tables) -> Iterator[Item]:
        """Yield what decides the outcome of each email whose key begins with `prefix`."""
        # "~" sorts after all characters of a key.
        between = (prefix, prefix + "~")
        for bucket in keys.BUCKETS:
            partition = keys.delivery_partition(self.kind, bucket)
            # Consistently: otherwise new requests could be missing, and all emails could seem to be settled.
            yield from tables.query(keys.DELIVERIES, partition, between, consistent=True, only=OUTCOME_ATTRIBUTES)

    def postpone(self, request: MailRequest, due: datetime, tables: Tables) -> None:
        super().postpone(request, due, tables)
        queued_at = due - self.lead_time  # The sweep queues a postponed email this long before it is due.
        group = outstanding.group_of(self.item_key(request.key))
        outstanding.bring_walk_forward(group, queued_at, tables)

    def mark_sent(self, request: MailRequest, at: datetime, tables: Tables) -> None:
        # Only requests of signatures and letters are replaced by newer ones, and both have their own `mark_sent`. So
        # here the condition fails only if the request is settled already.
        key, when = self.item_key(request.key), is_requested(request)
        sent = {"mailed_at": iso(at)}
        tables.try_update(Change(key, assign=sent, add={"mails": 1}, remove=MAIL_REQUEST_FIELDS, when=when))

    def mark_undeliverable(self, key: str, reason: str, now: datetime, tables: Tables) -> None:
        # SES's event may come before `mark_sent`, which needs the request. So keep it. Nobody claims it again, because
        # the email is undeliverable.
        when: Condition = Attr("mails").exists()
        if reason != COMPLAINED:  # In any order of SES's events, the complaint stays: it proves that the email arrived.
            when &= Attr("undeliverable").not_exists() | Attr("undeliverable").ne(COMPLAINED)
        tables.try_update(Change(self.item_key(key), assign={"undeliverable": reason}, when=when))


def outcome_of(item: Item) -> DeliveryOutcome:
    if item.get("undeliverable") in FAILURES:
        return DeliveryOutcome.FAILED
    if item["mails"] or "undeliverable" in item:  # A complaint proves that the email arrived.
        return DeliveryOutcome.SENT
    if "mail_unknown_at" in item:
        return DeliveryOutcome.UNKNOWN
    return DeliveryOutcome.WAITING if "mail_requested_at" in item else DeliveryOutcome.DROPPED
