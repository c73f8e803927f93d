"""The budget of emails to one address, across all petitions.

Anybody can type somebody else's address. So the interval between two emails to an address grows. An email beyond that
waits until its time; it is not cancelled. Only the owner's choice to get no more email about a petition is final.
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
ATTEMPTS = 5


@dataclass(frozen=True)
class Allowance:
    """When the next email to an address may be sent, and whether its owner gets none about the petition."""

    next_at: datetime
    is_stopped: bool


def look(to: Mailbox, slug: str, now: datetime, tables: Tables) -> Allowance:
    """Return the allowance without taking anything from the budget."""
    return _allowance(tables.get(to.key, consistent=True) or {}, to.mark_of(slug), now)


def take(to: Mailbox, slug: str, request: MailRequest, now: datetime, tables: Tables) -> Allowance:
    """Take an email from the budget if one is allowed now: `next_at` is `now`. Otherwise take nothing.

    Of two senders, one takes it. A sender that crashed after it can take it again for the same request. One write for
    a new address. Raise Unavailable if it is unknown whether it was taken; the email then waits for its next attempt.
    """
    mark, seen = to.mark_of_request(request), Item()
    for _ in range(ATTEMPTS):
        try:
            tables.update(_taken(to, mark, seen, now))
            return Allowance(now, is_stopped=False)
        except ConditionFailed as failure:
            seen = Item(failure.item or {})
        allowance = _allowance(seen, to.mark_of(slug), now)
        if seen.get("taken_by") == mark:
            return Allowance(now, allowance.is_stopped)
        if allowance.is_stopped or allowance.next_at > now:
            return allowance
    raise Conflicted("storage")


def _allowance(item: Item, petition_mark: str, now: datetime) -> Allowance:
    next_at = max(now, datetime.fromisoformat(item["next_at"])) if "next_at" in item else now
    return Allowance(next_at, petition_mark in item.get("stopped", ()))


def _taken(to: Mailbox, mark: str, seen: Item, now: datetime) -> Change:
    """Return the change of the item as seen. An item in which petitions are stopped must not expire."""
    is_quiet = seen.get("next_at", "") <= iso(now - FORGET)
    sent = 0 if is_quiet else seen["sent"]
    next_at = now + INTERVALS[min(sent, len(INTERVALS) - 1)]
    stopped = seen.get("stopped")
    expires = {} if stopped else {"expires_at": int((next_at + FORGET).timestamp())}
    return Change(
        to.key,
        assign={"sent": sent + 1, "next_at": iso(next_at), "taken_by": mark, **expires},
        when=is_still("next_at", seen.get("next_at")) & is_still("stopped", stopped),
    )
