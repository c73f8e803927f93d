"""The budget of emails to one address, across all petitions.

Anybody can type somebody else's address. So the interval between two emails to an address grows. An email that comes
too early waits; it is not cancelled. Only the owner's choice to get no more email about a petition is final.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.aws.table import Change, Item, Tables, is_still
from chalicelib.core.errors import ConditionFailed, Conflicted
from chalicelib.core.times import iso
from chalicelib.mail.mailbox import Mailbox
from chalicelib.mail.model import MailRequest

# The interval after the first email, after the second, ... The last one repeats. docs/security.md has the reasons.
INTERVALS = (timedelta(minutes=1), timedelta(minutes=10), *(timedelta(hours=hours) for hours in (1, 3, 6)))
# An address whose next email has been due for this long starts with the first interval again.
FORGET_AFTER = timedelta(days=1)
# The next turn is kept this long for the email that has waited longest. The sweep queues it within 15 minutes.
TURN_KEPT_FOR = timedelta(hours=1)
ATTEMPTS = 5


@dataclass(frozen=True)
class Allowance:
    """When the next email to an address may be sent, and whether its owner stopped email about the petition."""

    next_at: datetime
    is_stopped: bool


@dataclass(frozen=True)
class _WaitingEmail:
    """An email that asks for the next turn: the hash and the time of its request."""

    request_hash: str
    since: str

    def is_behind_another(self, item: Item) -> bool:
        """Return whether the next turn is kept for another email, which has waited longer."""
        since: str = item.get("waiting_since", self.since)
        return item.get("waiting") != self.request_hash and since < self.since


def read_allowance(to: Mailbox, slug: str, now: datetime, tables: Tables) -> Allowance:
    """Return the allowance without taking anything from the budget."""
    return _allowance(tables.get(to.key, consistent=True) or {}, to.hash_of_petition(slug), now)


def take_email(to: Mailbox, slug: str, request: MailRequest, now: datetime, tables: Tables) -> Allowance:
    """Take an email from the budget if one is allowed now: `next_at` is then `now`. Otherwise take nothing.

    If two senders try at once, only one takes it. After a crash, a sender may take it again for the same request. The
    next turn is kept for the email that was requested first, so nobody can take every turn by signing again. One write
    for a new address. Raise Unavailable if the outcome is unknown; the email then waits for its next attempt.
    """
    email = _WaitingEmail(to.hash_of_request(request), request.requested_at)
    stored = Item()  # Correct for a new address. For any other, the first write fails and returns the item.
    for _ in range(ATTEMPTS):
        try:
            tables.update(_change_that_takes(email, to, stored, now))
            return Allowance(now, is_stopped=False)
        except ConditionFailed as failure:
            stored = Item(failure.item or {})
        allowance = _allowance(stored, to.hash_of_petition(slug), now)
        if stored.get("taken_by") == email.request_hash:
            return Allowance(now, allowance.is_stopped)
        if allowance.is_stopped:
            return allowance
        due = _turn_of(email, stored, allowance.next_at, now)
        if due > now:
            _ask_for_next_turn(email, to, stored, tables)
            return Allowance(due, is_stopped=False)
    raise Conflicted("storage")


def _turn_of(email: _WaitingEmail, stored: Item, next_at: datetime, now: datetime) -> datetime:
    """Return when this email may be sent: `next_at`, or later if that turn is kept for another email."""
    if not email.is_behind_another(stored):
        return next_at
    kept_for = min(TURN_KEPT_FOR, INTERVALS[min(stored["sent"], len(INTERVALS)) - 1])
    until: datetime = datetime.fromisoformat(stored["next_at"]) + kept_for
    return max(now, until)


def _ask_for_next_turn(email: _WaitingEmail, to: Mailbox, stored: Item, tables: Tables) -> None:
    """Store that this email waits, unless an older email does. If the item changed meanwhile, store nothing."""
    if stored.get("waiting") == email.request_hash or email.is_behind_another(stored):
        return
    waiting = {"waiting": email.request_hash, "waiting_since": email.since}
    is_unchanged = is_still("next_at", stored["next_at"]) & is_still("waiting", stored.get("waiting"))
    tables.try_update(Change(to.key, assign=waiting, when=is_unchanged))


def _allowance(item: Item, petition_hash: str, now: datetime) -> Allowance:
    next_at = max(now, datetime.fromisoformat(item["next_at"])) if "next_at" in item else now
    return Allowance(next_at, petition_hash in item.get("stopped", ()))


def _change_that_takes(email: _WaitingEmail, to: Mailbox, stored: Item, now: datetime) -> Change:
    """Return the change that takes one email if the item is still `stored`. An item with `stopped` never expires."""
    is_quiet = stored.get("next_at", "") <= iso(now - FORGET_AFTER)
    sent_count = 0 if is_quiet else stored["sent"]
    next_at = now + INTERVALS[min(sent_count, len(INTERVALS) - 1)]
    stopped = stored.get("stopped")
    expires = {} if stopped else {"expires_at": int((next_at + FORGET_AFTER).timestamp())}
    return Change(
        to.key,
        assign={"sent": sent_count + 1, "next_at": iso(next_at), "taken_by": email.request_hash, **expires},
        remove=("waiting", "waiting_since"),
        when=is_still("next_at", stored.get("next_at")) & is_still("stopped", stopped),
    )
