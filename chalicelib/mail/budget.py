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
FORGET = timedelta(days=1)
# A turn is kept for the email that has waited longest, until it is queued: the sweep runs every 15 minutes.
KEPT_FOR = timedelta(hours=1)
ATTEMPTS = 5


@dataclass(frozen=True)
class Allowance:
    """When the next email to an address may be sent, and whether its owner gets none about the petition."""

    next_at: datetime
    is_stopped: bool


@dataclass(frozen=True)
class _Waiting:
    """An email that asks for a turn: its hash, and since when it is requested."""

    mark: str
    since: str

    def is_kept_from(self, item: Item) -> bool:
        """Return whether the next turn is another email's, because that one has waited longer."""
        since: str = item.get("waiting_since", self.since)
        return item.get("waiting") != self.mark and since < self.since


def look(to: Mailbox, slug: str, now: datetime, tables: Tables) -> Allowance:
    """Return the allowance without taking anything from the budget."""
    return _allowance(tables.get(to.key, consistent=True) or {}, to.mark_of(slug), now)


def take(to: Mailbox, slug: str, request: MailRequest, now: datetime, tables: Tables) -> Allowance:
    """Take an email from the budget if one is allowed now: `next_at` is `now`. Otherwise take nothing.

    Of two senders, one takes it. A sender that crashed after it can take it again for the same request. The next turn
    is kept for the email that was requested first, so nobody can take every turn by signing again. One write for a
    new address. Raise Unavailable if it is unknown whether it was taken; the email then waits for its next attempt.
    """
    mine, seen = _Waiting(to.mark_of_request(request), request.requested_at), Item()
    for _ in range(ATTEMPTS):
        try:
            tables.update(_taken(to, mine.mark, seen, now))
            return Allowance(now, is_stopped=False)
        except ConditionFailed as failure:
            seen = Item(failure.item or {})
        allowance = _allowance(seen, to.mark_of(slug), now)
        if seen.get("taken_by") == mine.mark:
            return Allowance(now, allowance.is_stopped)
        if allowance.is_stopped:
            return allowance
        due = _turn_of(mine, seen, allowance.next_at, now)
        if due > now:
            _wait(to, mine, seen, tables)
            return Allowance(due, is_stopped=False)
    raise Conflicted("storage")


def _turn_of(mine: _Waiting, seen: Item, next_at: datetime, now: datetime) -> datetime:
    """Return when this email may be sent: `next_at`, or later if that turn is kept for another email."""
    if not mine.is_kept_from(seen):
        return next_at
    kept_for = min(KEPT_FOR, INTERVALS[min(seen["sent"], len(INTERVALS)) - 1])
    until: datetime = datetime.fromisoformat(seen["next_at"]) + kept_for
    return max(now, until)


def _wait(to: Mailbox, mine: _Waiting, seen: Item, tables: Tables) -> None:
    """Ask for the next turn, unless an older email has. If the item changes meanwhile, this email asks again later."""
    if seen.get("waiting") == mine.mark or mine.is_kept_from(seen):
        return
    asked = {"waiting": mine.mark, "waiting_since": mine.since}
    is_unchanged = is_still("next_at", seen["next_at"]) & is_still("waiting", seen.get("waiting"))
    tables.try_update(Change(to.key, assign=asked, when=is_unchanged))


def _allowance(item: Item, petition_mark: str, now: datetime) -> Allowance:
    next_at = max(now, datetime.fromisoformat(item["next_at"])) if "next_at" in item else now
    return Allowance(next_at, petition_mark in item.get("stopped", ()))


def _taken(to: Mailbox, mark: str, seen: Item, now: datetime) -> Change:
    """Return the change that takes one email from the item as seen. An item with stopped petitions must not expire."""
    is_quiet = seen.get("next_at", "") <= iso(now - FORGET)
    sent = 0 if is_quiet else seen["sent"]
    next_at = now + INTERVALS[min(sent, len(INTERVALS) - 1)]
    stopped = seen.get("stopped")
    expires = {} if stopped else {"expires_at": int((next_at + FORGET).timestamp())}
    return Change(
        to.key,
        assign={"sent": sent + 1, "next_at": iso(next_at), "taken_by": mark, **expires},
        remove=("waiting", "waiting_since"),
        when=is_still("next_at", seen.get("next_at")) & is_still("stopped", stopped),
    )
