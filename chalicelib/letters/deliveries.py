"""The state of letters, counted by target and day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from chalicelib.aws.table import Attr, Change, Item, Tables
from chalicelib.core.errors import ConditionFailed
from chalicelib.core.keys import Key
from chalicelib.core.letter_keys import LETTER, letter_ids
from chalicelib.letters.counts import count_change, shard_of
from chalicelib.letters.model import LIFETIME, target_of
from chalicelib.letters.target_state import pause
from chalicelib.mail.counted import CountedDeliveries
from chalicelib.mail.model import MailRequest
from chalicelib.mail.state import CLAIM, AfterCrash, is_requested
from chalicelib.petitions.find import petition_as_stored
from chalicelib.petitions.letter import Paced


@dataclass(frozen=True, kw_only=True)
class LetterDeliveries(CountedDeliveries):
    """A bounce of a letter is about its target. It changes nothing about the person who sent it."""

    def request(self, key: str, now: datetime, tables: Tables, **about: str) -> MailRequest:
        """Request the letter, at most one for each person and target.

        One that was dropped before it was sent can be requested again: its person withdrew, then signed again. Raise
        ConditionFailed for any other.
        """
        try:
            return super().request(key, now, tables, **about)
        except ConditionFailed as failure:
            if again := self.request_again(key, now, tables, **about):
                return again
            raise failure from None

    def counter(self, key: str, day: date, numbers: Mapping[str, int], tables: Tables) -> Change:
        letter = letter_ids(key)
        return count_change(letter.slug, letter.target, shard_of(letter.signature_id), day, numbers)

    def release(self, request: MailRequest, tables: Tables, *, is_booked: bool = False) -> None:
        """Keep the letter's turn: the next attempt must not book another one."""
        super().release(request, tables)

    def open_requests(self, start: Key, most: int, tables: Tables) -> tuple[list[Item], str | None]:
        """Return them for the sweep. Letters that wait for a turn are due now, if their target has no pace any more."""
        items, last = super().open_requests(start, most, tables)
        slugs = {letter_ids(self.key_of(item)).slug for item in items if _waits(item)}
        petitions = {slug: petition_as_stored(slug, tables) for slug in slugs}
        for item in filter(_waits, items):
            letter = letter_ids(self.key_of(item))
            target = target_of(petitions[letter.slug], letter.target)
            if target is None or not isinstance(target.delivery, Paced):
                _hasten(self.request_of(item), item, tables)
        return items, last

    def mark_refused(self, request: MailRequest, now: datetime, tables: Tables) -> None:
        """Record the refusal and pause the target: SES would also refuse all other letters to a wrong address."""
        super().mark_refused(request, now, tables)
        # The mail sender's IAM policy does not allow reads of deliveries, so get the item from the update.
        settled = Change(self.item_key(request.key), remove=CLAIM, when=Attr("mails").exists())
        _pause(request.key, tables.update_and_read(settled), "refused", now, tables)

    def mark_undeliverable(self, key: str, reason: str, now: datetime, tables: Tables) -> None:
        """Record it, and pause all letters to this target; if it was a member of parliament, only to this one."""
        super().mark_undeliverable(key, reason, now, tables)
        _pause(key, tables.get(self.item_key(key), consistent=True) or {}, reason, now, tables)


def _waits(item: Item) -> bool:
    return bool(item.get("mail_due_at", "") > item["mail_requested_at"])


def _hasten(request: MailRequest, item: Item, tables: Tables) -> None:
    """Make it due now, also in the item that was read."""
    due = {"mail_due_at": request.requested_at}
    is_unchanged = is_requested(request) & Attr("mail_due_at").eq(item["mail_due_at"])
    change = Change(LETTERS.item_key(request.key), assign=due, remove=["mail_queued_at"], when=is_unchanged)
    tables.try_update(change)  # If it failed, the letter is being sent.
    item.pop("mail_queued_at", None)
    item.update(due)


def _pause(key: str, item: Item, reason: str, now: datetime, tables: Tables) -> None:
    letter = letter_ids(key)
    pause(letter.slug, letter.target, reason, now, tables, item.get("member", ""))


# A letter that arrives twice discredits the campaign, so after a crash it is not sent again.
LETTERS = LetterDeliveries(kind=LETTER, lifetime=LIFETIME, after_crash=AfterCrash.UNKNOWN)
