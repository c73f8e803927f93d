"""The steps of a mailing, which is the job that publishes an update and emails it.

They request its emails for one page of signatures after the other, and count them until none is still to be sent. A
step may run twice. Still, each email is requested once: the key of its item contains the signature's id.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.aws.table import Tables
from chalicelib.core import keys
from chalicelib.core.errors import ConditionFailed
from chalicelib.jobs.model import Clock, JobState, Step
from chalicelib.mail.deliveries import DeliveryOutcome
from chalicelib.mail.kind import Outbox
from chalicelib.mail.send import CLAIM
from chalicelib.signatures.walk import read_subscribers
from chalicelib.updates.find import CACHE_SECONDS, change_update, find_update
from chalicelib.updates.kinds import EMAILS, delivery_key, may_get_updates
from chalicelib.updates.model import Mailing, Results, Update, UpdateState

# Signatures and seconds of a step. It writes an item for each email, and calls the queue for every ten emails.
PAGE_SIZE = 500
PAGE_SECONDS = 60
# With a million emails, a count reads 200 MB.
COUNTING_SECONDS = 240
# Between two counts. With more than MANY_EMAILS, LONG_REST, because a count reads the items of all emails.
REST, LONG_REST = timedelta(seconds=20), timedelta(minutes=10)
MANY_EMAILS = 20_000
# A sender may have the old state in its cache, and runs for less than CLAIM.
LAST_SEND_AFTER_CANCEL = CLAIM + timedelta(seconds=CACHE_SECONDS)


@dataclass(frozen=True)
class MailingWork:
    """The state of the update decides which step is next."""

    outbox: Outbox
    clock: Clock
    tables: Tables

    def next_step(self, mailing: Mailing) -> Step[Mailing]:
        update = find_update(mailing.slug, mailing.update_id, self.tables)
        publish_at = update.publish_at
        if update.state is UpdateState.SCHEDULED and publish_at and publish_at > self.clock():
            return Step(0, lambda: self._rest_towards(publish_at, mailing))
        if update.state is UpdateState.SCHEDULED:
            return Step(PAGE_SECONDS, lambda: self._publish(mailing, update))
        if update.state is UpdateState.SENDING and mailing.bucket < len(keys.BUCKETS):
            return Step(PAGE_SECONDS, lambda: self._request_page(mailing, update))
        if update.state in (UpdateState.SENDING, UpdateState.CANCELLED):
            return Step(COUNTING_SECONDS, lambda: self._count(mailing, update))
        # A draft: `publish` started this job, but crashed before it changed the update. Sent: `_count` stored this, but
        # crashed before the job's end was stored.
        return Step(0, lambda: mailing.in_end_state(JobState.FAILED, why=f"The update is {update.state}"))

    def tidy(self, mailing: Mailing) -> None:
        """A mailing leaves nothing to delete."""

    def _rest_towards(self, publish_at: datetime, mailing: Mailing) -> Mailing:
        """Rest for ten minutes at most: so the job of a cancelled update soon ends, and the next update can begin."""
        return mailing.model_copy(update={"rests_until": min(publish_at, self.clock() + LONG_REST)})

    def _publish(self, mailing: Mailing, update: Update) -> Mailing:
        # If the update was cancelled or published meanwhile, the next step sees its new state.
        with suppress(ConditionFailed):
            change_update(update, self.tables, state=UpdateState.SENDING, published_at=self.clock())
        return mailing

    def _request_page(self, mailing: Mailing, update: Update) -> Mailing:
        bucket = keys.BUCKETS[mailing.bucket]
        subscribers, last = read_subscribers(mailing.slug, bucket, mailing.after, PAGE_SIZE, self.tables)
        recipients = [subscriber for subscriber in subscribers if may_get_updates(subscriber)]
        email_keys = [delivery_key(update.slug, update.update_id, recipient["sk"]) for recipient in recipients]
        requests = [EMAILS.find_or_request(key, self.clock(), self.tables) for key in email_keys]
        self.outbox.send_now(request for request in requests if request)
        is_bucket_done = last is None
        cursor = {"after": "", "bucket": mailing.bucket + 1} if is_bucket_done else {"after": last}
        return mailing.model_copy(update={**cursor, "processed": mailing.processed + len(recipients)})

    def _count(self, mailing: Mailing, update: Update) -> Mailing:
        """Store the results. End the job if the update is over; otherwise rest.

        A cancelled update is over when no sender can still send it. Any other update is over when no email waits.
        """
        now = self.clock()
        outcomes = EMAILS.outcomes(delivery_key(update.slug, update.update_id), self.tables)
        senders_have_stopped = update.cancelled_at is not None and now >= update.cancelled_at + LAST_SEND_AFTER_CANCEL
        never_sent = outcomes[DeliveryOutcome.WAITING] if senders_have_stopped else 0
        results = Results(
            requested=outcomes.total(),
            sent=outcomes[DeliveryOutcome.SENT],
            failed=outcomes[DeliveryOutcome.FAILED] + outcomes[DeliveryOutcome.UNKNOWN],
            skipped=outcomes[DeliveryOutcome.DROPPED] + never_sent,
        )
        is_over = senders_have_stopped if update.cancelled_at else not results.waiting
        is_sent = is_over and not update.cancelled_at
        state = UpdateState.SENT if is_sent else update.state
        try:
            change_update(update, self.tables, state=state, results=results.model_dump())
        except ConditionFailed:
            return mailing  # Cancelled meanwhile: count again.
        if is_over:
            return mailing.in_end_state(JobState.DONE)
        rest = LONG_REST if results.requested > MANY_EMAILS else REST
        return mailing.model_copy(update={"rests_until": now + rest})
