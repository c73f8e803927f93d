"""Whether email may be sent now, and how much of SES's rate confirmations may use: one item, which each sender reads.

When the daily quota is used up, SES refuses every email. If the senders then tried a million messages, these would
become dead letters. So a sender whose email is refused stores a pause, which ends by itself, and `watch`, once a
minute, disables the event sources of the senders.

While other email is off, confirmations get the whole rate, a few minutes at a time, and `watch` turns other email on
only when the grant is over. So even after a crash, or if a sender reads an old grant, both together never exceed the
rate. Other email is on only while little urgent email waits, and less than OTHER_EMAIL_STOPS_AT of the quota is used.
Each run compares the actual state with the needed one, so after a crash the next run does what is needed.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from chalicelib.aws import email, table
from chalicelib.aws.email import Mail, MailQuota
from chalicelib.aws.queue import Queue, Source
from chalicelib.aws.table import Change, Item, Tables, absent_or_at_most
from chalicelib.core import keys, log
from chalicelib.core.errors import FieldError, Invalid, NotYet, SendingStopped, Unavailable
from chalicelib.core.times import iso
from chalicelib.mail.kind import Kinds, MailContext
from chalicelib.mail.model import MailRequest, Priority
from chalicelib.mail.rate_limit import LONGEST_GAP, SHARES, longest_delivery
from chalicelib.mail.send import CLAIM, SendResult, send

# SES's quota counts the last 24 hours, so it becomes free gradually. One attempt an hour notices this.
PAUSE = timedelta(hours=1)
# A claim lasts longer than any sender runs.
LONGEST_RUN = CLAIM
# A sender uses the whole rate only if the grant lasts for LONGEST_RUN more. The watch renews it every minute; the two
# minutes allow for one failed run.
GRANTED_FOR = LONGEST_RUN + timedelta(minutes=2)
# Without a grant, comparisons with a time are false: "~" sorts after every time, and "" before.
_NEVER, _OVER = "~", ""
# While more urgent emails than this wait, no other email is sent.
MAX_URGENT_WAITING = 20
# The rest of SES's quota for 24 hours is for urgent email. Otherwise an update to many people could use it up, and for
# many hours nobody who signs could confirm.
OTHER_EMAIL_STOPS_AT = 0.8
SUPPRESSED = (
    "Our email provider sends nothing to this address, because an earlier email to it bounced or was reported as spam. "
    "Enter another address, or ask your engineer to take it off the suppression list"
)


class Pause(NamedTuple):
    """`is_by_engineer`: otherwise SES refused an email."""

    until: datetime
    is_by_engineer: bool


class Sending(NamedTuple):
    """`share_of_confirmations`: of the rate, until an invocation ends.

    `is_quota_reserved`: other email is off because the rest of SES's quota is reserved for confirmations.
    """

    pause: Pause | None
    share_of_confirmations: float
    is_quota_reserved: bool


def sending(now: datetime, tables: Tables) -> Sending:
    item = _item(tables)
    has_begun = item.get("granted_since", _NEVER) <= iso(now)
    lasts_long_enough = iso(now + LONGEST_RUN) <= item.get("granted_until", _OVER)
    share = 1.0 if has_begun and lasts_long_enough else SHARES[Priority.URGENT]
    return Sending(_pause(item, now), share, bool(item.get("because_of_quota")) and _is_granted(item, now))


def is_paused(now: datetime, tables: Tables) -> bool:
    return sending(now, tables).pause is not None


def pause_mail(now: datetime, duration: timedelta, tables: Tables) -> datetime:
    """An engineer asks for it. Replace any other pause. Return the end."""
    until = now + duration
    tables.update(_change(_pause_until(until, is_by_engineer=True)))
    return until


def pause_after_refusal(now: datetime, tables: Tables) -> None:
    """SES refused an email. A pause that is in force stays.

    Otherwise a sender that has just read "no pause" could replace an engineer's pause of days by one of an hour.
    """
    pause = _pause_until(now + PAUSE, is_by_engineer=False)
    tables.try_update(Change(keys.mail_sending(), assign=pause, when=absent_or_at_most("paused_until", iso(now))))


def resume_mail(now: datetime, tables: Tables) -> None:
    """Store an end that is a day ago, because the engineer's clock may be ahead."""
    tables.update(_change(_pause_until(now - timedelta(days=1), is_by_engineer=False)))


def keep_other_off(other: Source, now: datetime, tables: Tables, *, because_of_quota: bool) -> None:
    """Once other email is off and its last sender has ended, grant confirmations the whole rate."""
    other.switch(is_on=False)
    if not other.is_off():  # AWS is still switching it off. The next run of the watch continues.
        return
    item = _item(tables, consistent=True)
    since = item["granted_since"] if _is_granted(item, now) else iso(now + LONGEST_RUN)
    until = iso(now + GRANTED_FOR)
    tables.update(_change({"granted_since": since, "granted_until": until, "because_of_quota": because_of_quota}))


def turn_other_on(other: Source, now: datetime, tables: Tables) -> bool:
    """Return False if confirmations may still use the whole rate."""
    is_on = not _is_granted(_item(tables, consistent=True), now)
    if is_on:
        other.switch(is_on=True)
    return is_on


def _item(tables: Tables, *, consistent: bool = False) -> Item:
    return tables.get(keys.mail_sending(), consistent=consistent) or Item()


def _change(attributes: Item) -> Change:
    return Change(keys.mail_sending(), assign=attributes)


def _is_granted(item: Item, now: datetime) -> bool:
    return bool(item.get("granted_until", _OVER) >= iso(now))


def _pause(item: Item, now: datetime) -> Pause | None:
    if item.get("paused_until", _OVER) <= iso(now):
        return None
    return Pause(datetime.fromisoformat(item["paused_until"]), is_by_engineer=bool(item.get("by_engineer")))


def _pause_until(until: datetime, *, is_by_engineer: bool) -> Item:
    return Item({"paused_until": iso(until), "by_engineer": is_by_engineer})


def watch(
    urgent: Source, other: Source, urgent_queue: Queue, quota: MailQuota, now: datetime, tables: Tables
) -> tuple[bool, bool]:
    """Switch both event sources. Return whether urgent email may be sent, and whether other email may.

    Raise Unavailable; the next run tries again.
    """
    sends_urgent = not is_paused(now, tables)
    urgent.switch(is_on=sends_urgent)
    if not sends_urgent:
        # Do not grant the whole rate. Otherwise, after the pause, other email would wait until the grant ends.
        other.switch(is_on=False)
        return False, False
    is_reserved = _is_rest_reserved(quota)
    # Delayed messages wait because many people sign from one network, and cannot be sent earlier.
    much_urgent_waits = urgent_queue.depth_without_delayed() > MAX_URGENT_WAITING
    if is_reserved or much_urgent_waits:
        keep_other_off(other, now, tables, because_of_quota=is_reserved)
        return True, False
    return True, turn_other_on(other, now, tables)


def _is_rest_reserved(quota: MailQuota) -> bool:
    """If the quota cannot be read, return False: a failed read must not stop other email."""
    try:
        used = quota.daily().used_share
    except Unavailable:
        log.event("mail_quota_unreadable")
        return False
    is_reserved = used >= OTHER_EMAIL_STOPS_AT
    if is_reserved:
        log.event("mail_quota_reserved", used_percent=round(100 * used))
    return is_reserved


def refuse_suppressed(address: str, quota: MailQuota) -> None:
    """Raise Invalid if SES would accept the email and drop it (its suppression list).

    If SES does not say, do nothing: the test itself will show it.
    """
    try:
        is_suppressed = quota.suppresses(address)
    except Unavailable:
        return
    if is_suppressed:
        raise Invalid([FieldError("email", SUPPRESSED)])


# Then start no further email, and pass no delayed email to SES.
BUDGET_SECONDS = 30.0
# An attempt fails if the signature changes meanwhile (signatures/mail_state.py). For a letter, more are possible
# (mail/counted.py). We assume that at most three of them are slow.
_MARK_ATTEMPTS = 3
# From the check in `_deliver_in_time` until the email is marked as sent. The Lambda function's timeout must leave this
# time after BUDGET_SECONDS: otherwise a confirmation would be sent twice, and an email with AfterCrash.UNKNOWN would
# count as unknown.
LAST_EMAIL_SECONDS = longest_delivery(LONGEST_GAP, email.LONGEST_CALL) + _MARK_ATTEMPTS * table.LONGEST_CALL
# For up to a minute after a pause begins, the event source is still enabled. Each invocation waits this long, so that
# Lambda does not receive all messages of the queue.
PAUSED_WAIT_SECONDS = 20.0


class BatchSender:
    """One invocation of a sender, the Lambda function that sends requested emails."""

    def __init__(
        self,
        kinds: Kinds,
        context: MailContext,
        tables: Tables,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        use_share: Callable[[float], None] | None = None,
    ) -> None:
        """`clock` is monotonic, in seconds. `use_share` gets confirmations' share of the rate; None for other email."""
        self._kinds = kinds
        self._deliver = context.deliver
        self._context = replace(context, deliver=self._deliver_in_time)
        self._tables = tables
        self._clock = clock
        self._sleep = sleep
        self._use_share = use_share
        self._deadline = clock() + BUDGET_SECONDS
        self._is_paused: bool | None = None  # None: not read yet.

    def send(self, request: MailRequest, now: datetime) -> SendResult:
        """Raise NotYet when the time is up or sending is paused. If SES refuses all email, pause: SendingStopped."""
        if self._must_stop(now):
            raise NotYet(is_untried=True)
        try:
            return send(request, self._kinds, self._context, now, self._tables)
        except SendingStopped:
            self._is_paused = True
            pause_after_refusal(now, self._tables)
            raise

    def _deliver_in_time(self, mail: Mail) -> timedelta:
        """Return how long this took. Raise NotYet if the time is up: the calls before this one may have been slow."""
        if self._clock() > self._deadline:
            raise NotYet(is_untried=True)
        return self._deliver(mail)

    def _must_stop(self, now: datetime) -> bool:
        """The first call reads what senders may do. If sending is paused, this call waits."""
        if self._is_paused is None:
            state = sending(now, self._tables)
            self._is_paused = state.pause is not None
            if self._is_paused:
                self._sleep(PAUSED_WAIT_SECONDS)
            elif self._use_share:
                self._use_share(state.share_of_confirmations)
        return self._is_paused or self._clock() > self._deadline
