"""The steps of a mailing, which is the job that publishes an update and emails it.

They request its emails for one page of signatures after the other, and count them until none is still to be sent. If
too many bounce or are reported as spam, a count pauses the update. A step may run twice. Still, each email is requested
once: the key of its item contains the signature's id.
"""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from chalicelib.aws.table import Tables
from chalicelib.core import keys, log
from chalicelib.core.errors import ConditionFailed
from chalicelib.jobs.model import Clock, JobState, Step
from chalicelib.mail.deliveries import BOUNCED, COMPLAINED, REJECTED, DeliveryOutcome, outcome_of
from chalicelib.mail.kind import Outbox
from chalicelib.mail.send import CLAIM
from chalicelib.signatures.walk import read_subscribers
from chalicelib.staff.audit.record import Action, Actor, record
from chalicelib.updates.find import CACHE_SECONDS, change_update, find_update
from chalicelib.updates.kinds import EMAILS, delivery_key, may_get_updates
from chalicelib.updates.model import Mailing, Results, Update, UpdateState

# Signatures and seconds of a step. It writes an item for each email, and calls the queue for every ten emails.
PAGE_SIZE = 500
PAGE_SECONDS = 60
# With a million emails, a count reads 200 MB.
COUNTING_SECONDS = 240
# Between two counts: REST for each MANY_EMAILS, because a count reads the items of all emails; LONG_REST at most.
REST, LONG_REST = timedelta(seconds=20), timedelta(minutes=10)
MANY_EMAILS = 20_000
# A sender may have the old state in its cache, and runs for less than CLAIM.
LAST_SEND_AFTER_CANCEL = CLAIM + timedelta(seconds=CACHE_SECONDS)
# While the update is paused, so that it soon goes on if staff continue it.
PAUSED_REST = timedelta(minutes=1)
# Who pauses an update, in the activity log.
NOBODY = Actor(token_id="", owner="the site itself")
UNDECIDED = "Nobody decided whether to continue it."


@dataclass(frozen=True)
class MailingWork:
    """The state of the update decides which step is next."""

    outbox: Outbox
    clock: Clock
    tables: Tables

    def next_step(self, mailing: Mailing) -> Step[Mailing]:
        update = find_update(mailing.slug, mailing.update_id, self.tables)
        if len(update.decisions) != mailing.decisions:
            return Step(0, lambda: self._begin_again(mailing, update))
        if update.state is UpdateState.SCHEDULED:
            return self._step_towards_publishing(mailing, update)
        is_count_due = mailing.counted_at is not None and self.clock() >= mailing.counted_at + _time_between(update)
        if update.state is UpdateState.SENDING and not mailing.has_requested_all and not is_count_due:
            return Step(PAGE_SECONDS, lambda: self._request_page(mailing, update))
        if update.state is UpdateState.PAUSED and not is_count_due:
            return Step(0, lambda: self._rest_during_pause(mailing, update))
        if update.state in (UpdateState.SENDING, UpdateState.PAUSED, UpdateState.CANCELLED):
            return Step(COUNTING_SECONDS, lambda: self._count(mailing, update))
        # A draft: `publish` started this job, but crashed before it changed the update. Sent: `_count` stored this, but
        # crashed before the job's end was stored.
        return Step(0, lambda: mailing.in_end_state(JobState.FAILED, why=f"The update is {update.state}"))

    def tidy(self, mailing: Mailing) -> None:
        """A mailing leaves nothing to delete."""

    def _step_towards_publishing(self, mailing: Mailing, update: Update) -> Step[Mailing]:
        publish_at = update.publish_at
        if publish_at and publish_at > self.clock():
            return Step(0, lambda: self._rest_towards(publish_at, mailing))
        return Step(PAGE_SECONDS, lambda: self._publish(mailing, update))

    def _rest_towards(self, publish_at: datetime, mailing: Mailing) -> Mailing:
        """Rest for ten minutes at most: so the job of a cancelled update soon ends, and the next update can begin."""
        return mailing.model_copy(update={"rests_until": min(publish_at, self.clock() + LONG_REST)})

    def _publish(self, mailing: Mailing, update: Update) -> Mailing:
        # If the update was cancelled or published meanwhile, the next step sees its new state.
        with suppress(ConditionFailed):
            change_update(update, self.tables, state=UpdateState.SENDING, published_at=self.clock())
        return mailing

    def _begin_again(self, mailing: Mailing, update: Update) -> Mailing:
        """Staff continued the update. Its held emails have no message left, so all pages are requested again.

        Not at once: a sender that still has the paused update in its cache would hold them again.
        """
        rests_until = self.clock() + timedelta(seconds=2 * CACHE_SECONDS)
        first_page = {"bucket": 0, "after": "", "processed": 0}
        return mailing.model_copy(update={**first_page, "decisions": len(update.decisions), "rests_until": rests_until})

    def _rest_during_pause(self, mailing: Mailing, update: Update) -> Mailing:
        """If nobody decides until it is too late to continue, cancel the update."""
        now = self.clock()
        if update.is_too_old(now):
            self._record("update.cancelled", update, UNDECIDED)
            with suppress(ConditionFailed):  # Staff have decided meanwhile.
                change_update(update, self.tables, state=UpdateState.CANCELLED, cancelled_at=now, why=UNDECIDED)
        return mailing.model_copy(update={"rests_until": now + PAUSED_REST})

    def _request_page(self, mailing: Mailing, update: Update) -> Mailing:
        bucket = keys.BUCKETS[mailing.bucket]
        subscribers, last = read_subscribers(mailing.slug, bucket, mailing.after, PAGE_SIZE, self.tables)
        recipients = [subscriber for subscriber in subscribers if may_get_updates(subscriber)]
        email_keys = [delivery_key(update.slug, update.update_id, recipient["sk"]) for recipient in recipients]
        requests = [EMAILS.find_or_request(key, self.clock(), self.tables) for key in email_keys]
        self.outbox.send_now(request for request in requests if request)
        is_bucket_done = last is None
        cursor = {"after": "", "bucket": mailing.bucket + 1} if is_bucket_done else {"after": last}
        done = {"processed": mailing.processed + len(recipients), "counted_at": mailing.counted_at or self.clock()}
        return mailing.model_copy(update={**cursor, **done})

    def _count(self, mailing: Mailing, update: Update) -> Mailing:
        """Store the results. End the job if the update is over, pause the update if it must; otherwise rest.

        A cancelled update is over when no sender can still send it. Any other update is over when all emails are
        requested and none waits.
        """
        now = self.clock()
        senders_have_stopped = update.cancelled_at is not None and now >= update.cancelled_at + LAST_SEND_AFTER_CANCEL
        results = self._results(update, is_waiting_skipped=senders_have_stopped)
        is_sent = mailing.has_requested_all and not results.waiting
        is_over = senders_have_stopped if update.cancelled_at else is_sent
        changes: dict[str, Any] = {"results": results.model_dump()}
        if is_over and not update.cancelled_at:
            changes |= {"state": UpdateState.SENT, "why": None}
        elif update.state is UpdateState.SENDING and (why := why_to_pause(results, update.decisions)):
            log.event("update_paused", petition=update.slug, update=update.update_id, why=why)
            self._record("update.paused", update, why)
            changes |= {"state": UpdateState.PAUSED, "why": why}
        try:
            counted = change_update(update, self.tables, **changes)
        except ConditionFailed:
            return mailing  # Cancelled or continued meanwhile: count again.
        if is_over:
            return mailing.in_end_state(JobState.DONE)
        has_pages = counted.state is UpdateState.SENDING and not mailing.has_requested_all
        has_next_step = has_pages or counted.state is UpdateState.PAUSED
        rests_until = None if has_next_step else now + _time_between(counted)
        return mailing.model_copy(update={"counted_at": self.clock(), "rests_until": rests_until})

    def _results(self, update: Update, *, is_waiting_skipped: bool) -> Results:
        found: Counter[tuple[DeliveryOutcome, str]] = Counter()
        for item in EMAILS.items(delivery_key(update.slug, update.update_id), self.tables):
            found[outcome_of(item), item.get("undeliverable", "")] += 1
        outcomes: Counter[DeliveryOutcome] = Counter()
        for (outcome, _), number in found.items():
            outcomes[outcome] += number
        never_sent = outcomes[DeliveryOutcome.WAITING] if is_waiting_skipped else 0
        return Results(
            requested=outcomes.total(),
            sent=outcomes[DeliveryOutcome.SENT],
            failed=outcomes[DeliveryOutcome.FAILED] + outcomes[DeliveryOutcome.UNKNOWN],
            skipped=outcomes[DeliveryOutcome.DROPPED] + never_sent,
            bounced=found[DeliveryOutcome.FAILED, BOUNCED] + found[DeliveryOutcome.FAILED, REJECTED],
            complained=found[DeliveryOutcome.SENT, COMPLAINED],
        )

    def _record(self, action: str, update: Update, why: str) -> None:
        details = {"update": update.update_id, "why": why}
        record(NOBODY, Action(name=action, subject=update.slug, details=details), self.clock(), self.tables)


def _time_between(update: Update) -> timedelta:
    """Between two counts."""
    return min(LONG_REST, REST * max(1, update.results.requested / MANY_EMAILS))


class Limits(NamedTuple):
    """Of 10,000 emails that SES has taken."""

    bounced: int
    complained: int


# AWS looks into an account at 5 % bounces or 0.1 % complaints, and stops all its email at 10 % or 0.5 %. So an update
# pauses earlier. If staff continue it, only what SES takes after that is judged, by the next limits.
LIMITS = (Limits(200, 5), Limits(500, 10))
# Emails taken by SES. With fewer, a handful of old addresses would pause an update: 2 % are ten emails.
MIN_FOR_BOUNCES = 500
# With fewer, a single report of spam is above 0.05 %.
MIN_FOR_COMPLAINTS = 2000


def why_to_pause(results: Results, decisions: Sequence[Results]) -> str | None:
    """Return a sentence for staff; None if the update may go on. `decisions`: the results when staff continued it."""
    if len(decisions) >= len(LIMITS):
        return None
    limits, before = LIMITS[len(decisions)], decisions[-1] if decisions else Results()
    taken, bounced = results.taken - before.taken, results.bounced - before.bounced
    complained = results.complained - before.complained
    if taken >= MIN_FOR_BOUNCES and bounced * 10_000 >= limits.bounced * taken:
        return f"{bounced:,} of {taken:,} emails bounced. An update pauses at {limits.bounced / 100:g} %."
    if taken >= MIN_FOR_COMPLAINTS and complained * 10_000 >= limits.complained * taken:
        return (
            f"{complained:,} of {taken:,} emails were reported as spam. "
            f"An update pauses at {limits.complained / 100:g} %."
        )
    return None
