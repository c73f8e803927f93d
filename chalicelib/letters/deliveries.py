"""The state of each letter's email, and the counters of letters by target and day.

In the item of a letter to a member of parliament, `member` is the member's constituency.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from chalicelib.aws.table import Attr, Change, Condition, Item, Tables
from chalicelib.core.errors import ConditionFailed
from chalicelib.core.keys import Key
from chalicelib.core.letter_keys import LETTER, letter_ids
from chalicelib.core.times import iso
from chalicelib.letters.counts import count_change, shard_of
from chalicelib.letters.model import LIFETIME, target_unless_removed
from chalicelib.letters.target_state import is_sent_since_resume, note_rejection, pause
from chalicelib.mail.counted import CountedDeliveries
from chalicelib.mail.deliveries import REJECTED, DeliveryOutcome
from chalicelib.mail.model import MailRequest
from chalicelib.mail.state import CLAIM_ATTRIBUTES, is_requested
from chalicelib.petitions.find import petition_as_stored
from chalicelib.petitions.letter import Paced

# When staff had removed the letter's target. If they add a target with the same key later, only a new confirmation
# requests the letter again. If this time differs from `mail_dropped_at`, it is of an earlier drop: ignore it.
_WITHOUT_TARGET = "dropped_without_target"


@dataclass(frozen=True, kw_only=True)
class LetterDeliveries(CountedDeliveries):
    """If a letter bounces or is refused, or its recipient complains, the recipient is paused: it gets no letters.

    The recipient is the target, or one member of parliament. Nothing changes for the person who sent the letter.
    """

    def request(self, key: str, now: datetime, tables: Tables, **extra: str) -> MailRequest:
        """Request the letter, at most one for each person and target.

        A letter that was dropped is requested again, for example if the person withdrew and has now signed again. Raise
        ConditionFailed if the letter was requested before and not dropped.
        """
        try:
            return super().request(key, now, tables, **extra)
        except ConditionFailed as failure:
            again = self.request_again(key, now, tables, **extra)
            if again is None:
                raise failure from None
            return again

    def request_if_missing(self, key: str, now: datetime, tables: Tables, **extra: str) -> bool:
        """Request a letter that was never requested, or that was dropped. Return whether this call requested it.

        Leave out a letter that was dropped without a target: staff did not want it sent.
        """
        try:
            super().request(key, now, tables, **extra)  # `self.request` would request every dropped letter again.
        except ConditionFailed as failure:
            item = failure.item or {}
            dropped_at = item.get("mail_dropped_at")
            was_without_target = item.get(_WITHOUT_TARGET) == dropped_at
            if dropped_at and was_without_target:
                return False
            return self.request_again(key, now, tables, **extra) is not None
        return True

    def drop_without_target(self, request: MailRequest, now: datetime, tables: Tables) -> None:
        dropped = {"mail_dropped_at": iso(now), _WITHOUT_TARGET: iso(now)}
        self._settle(request, DeliveryOutcome.DROPPED, now, dropped, tables)

    def readdress(self, request: MailRequest, member: str | None, now: datetime, tables: Tables) -> MailRequest:
        """If the open request is for another recipient, replace it by a request for this one, and return it.

        `member`: the constituency, or None. A queue message of the old request then does nothing, and a mail sender
        that has claimed it sends nothing. If sending has begun, change nothing and return `request`.
        """
        renewed = self.request_attributes(now)
        removed = [*CLAIM_ATTRIBUTES, "mail_queued_at"]  # These belong to the old request.
        if member:
            is_for_another: Condition = Attr("member").ne(member)
            renewed["member"] = member
        else:
            is_for_another = Attr("member").exists()
            removed.append("member")
        when = is_requested(request) & is_for_another & Attr("mail_began_at").not_exists()
        if not tables.try_update(Change(self.item_key(request.key), assign=renewed, remove=removed, when=when)):
            return request
        return MailRequest(kind=self.kind, key=request.key, requested_at=iso(now))

    def counter_change(self, key: str, day: date, numbers: Mapping[str, int], tables: Tables) -> Change:
        letter = letter_ids(key)
        return count_change(letter.slug, letter.target, shard_of(letter.signature_id), day, numbers)

    def release(self, request: MailRequest, until: datetime, tables: Tables, *, is_booked: bool = False) -> None:
        """Ignore `is_booked`: the letter must keep its turn (`mail_due_at`)."""
        super().release(request, until, tables, is_booked=False)

    def open_requests(self, start: Key, page_size: int, tables: Tables) -> tuple[list[Item], str | None]:
        """If a letter waits for a turn, but its target has no pace now, make it due, so that the sweep queues it."""
        items, last = super().open_requests(start, page_size, tables)
        waiting = [item for item in items if waits_for_turn(item)]
        slugs = {letter_ids(self.key_of(item)).slug for item in waiting}
        petitions = {slug: petition_as_stored(slug, tables) for slug in slugs}
        for item in waiting:
            letter = letter_ids(self.key_of(item))
            target = target_unless_removed(petitions[letter.slug], letter.target)
            is_paced = target is not None and isinstance(target.delivery, Paced)
            if not is_paced:
                _make_due_now(self.request_of(item), item, tables)
        return items, last

    def mark_refused(self, request: MailRequest, now: datetime, tables: Tables) -> None:
        """Pause the recipient: if its address is wrong, SES refuses all letters to it."""
        super().mark_refused(request, now, tables)
        # IAM does not let the mail sender read deliveries. So get the item from an update, which changes nothing.
        is_stored = Attr("mails").exists()
        no_change = Change(self.item_key(request.key), remove=CLAIM_ATTRIBUTES, when=is_stored)
        item = tables.update_and_read(no_change)
        _pause_target(request.key, item, "refused", now, tables)

    def mark_undeliverable(self, key: str, reason: str, now: datetime, tables: Tables) -> None:
        """Pause this target, or only the member of parliament who got the letter.

        If the server rejected the letter, only note this: otherwise one person could stop everybody's letters. After
        several rejections, `note_rejection` pauses.
        """
        item = tables.get(self.item_key(key), consistent=True) or {}  # The event changes it.
        super().mark_undeliverable(key, reason, now, tables)
        if reason == REJECTED:
            _note_rejection(key, item, now, tables)
        else:
            _pause_target(key, item, reason, now, tables)


def waits_for_turn(item: Item) -> bool:
    """Then it is due later than it was requested (pace.py)."""
    return bool(item.get("mail_due_at", "") > item["mail_requested_at"])


def _make_due_now(request: MailRequest, item: Item, tables: Tables) -> None:
    """In the table and in `item`. Without `mail_queued_at`, the sweep queues it now."""
    # Equal times: it waits for no turn (`waits_for_turn`). Do not remove the due time: then the sweep would queue the
    # letter only when its request counts as lost.
    due = {"mail_due_at": request.requested_at}
    is_unchanged = is_requested(request) & Attr("mail_due_at").eq(item["mail_due_at"])
    change = Change(LETTERS.item_key(request.key), assign=due, remove=["mail_queued_at"], when=is_unchanged)
    # If the condition fails, the mail sender has settled or postponed the letter. The sweep then queues one more
    # message, which the mail sender ignores.
    tables.try_update(change)
    item.pop("mail_queued_at", None)
    item.update(due)


def _pause_target(key: str, item: Item, reason: str, now: datetime, tables: Tables) -> None:
    letter, when = letter_ids(key), is_sent_since_resume(item, now)
    pause(letter.slug, letter.target, reason, now, tables, item.get("member", ""), when)


def _note_rejection(key: str, item: Item, now: datetime, tables: Tables) -> None:
    """Note that the server rejected this letter. If it went to a member of parliament, note this for the member.

    Members often share a server. If it blocks all our letters, the state of the target itself must stop the letters to
    all members. So note the member there too.
    """
    letter, member, when = letter_ids(key), item.get("member", ""), is_sent_since_resume(item, now)
    note_rejection(letter.slug, letter.target, letter.signature_id, now, tables, member, when)
    if member:
        note_rejection(letter.slug, letter.target, member, now, tables, when=when)


# A letter that arrives twice discredits the campaign. So after a crash of the sender, it is not sent again.
LETTERS = LetterDeliveries(kind=LETTER, lifetime=LIFETIME, extras=("member",))
