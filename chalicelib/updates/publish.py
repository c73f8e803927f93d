"""Write and test an update, publish it now or later, continue it after it paused by itself, or cancel it.

The job of an update publishes it at its time, and emails it. A petition has at most one open job for its updates. Only
a draft can be tested, so publishing and cancelling forget the addresses of tests (`tests=None`).
"""

from collections import Counter
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any, NamedTuple

from chalicelib.aws.email import DailyQuota, MailQuota
from chalicelib.aws.queue import Queue
from chalicelib.aws.table import Tables
from chalicelib.core.errors import ConditionFailed, FieldError, Invalid, NotNow, Unavailable
from chalicelib.core.printable import header_errors
from chalicelib.jobs.model import JobState, new_job
from chalicelib.jobs.request import jobs_of, start
from chalicelib.mail.kind import Outbox
from chalicelib.mail.model import Priority
from chalicelib.mail.rate_limit import SHARES
from chalicelib.mail.sending import OTHER_EMAIL_STOPS_AT
from chalicelib.pages.markdown import as_html, as_text
from chalicelib.petitions.model import Petition
from chalicelib.projections.breakdowns import projected_sums
from chalicelib.projections.dimensions import READER_PREFIX
from chalicelib.updates.find import add_update, change_update, find_update
from chalicelib.updates.kinds import TESTS, delivery_key
from chalicelib.updates.model import Mailing, Update, UpdateState, UpdateTest, UpdateText, new_update_id

# The update's job has not ended, unless it failed because it made no progress.
OPEN = (UpdateState.SCHEDULED, UpdateState.SENDING)
TOO_OLD = "This update was published too long ago to continue it. You can cancel it."


def publish(update: Update, at: datetime | None, actor: str, now: datetime, queue: Queue, tables: Tables) -> Update:
    """Publish a draft now, or schedule it for the time `at`. Start the job that emails it.

    If it is already scheduled or being sent, change nothing; but if its job has failed, start a new job. Raise NotNow
    if it is cancelled, sent, or too old for a new job, or while another update of the petition is scheduled or being
    sent. Raise Invalid if `at` is in the past.
    """
    if update.state in OPEN:
        _continue(update, actor, now, queue, tables)
        return update
    if update.state is not UpdateState.DRAFT:
        raise NotNow(f"This update is {update.state}.")
    if at and at <= now:
        raise Invalid([FieldError("at", "Enter a time in the future, or leave this out to publish now")])
    # Before the change: in the other order, a crash could leave an update without a job. The job's first step comes
    # later (START_DELAY); after a crash it finds a draft, and ends. `start` raises NotNow while another update's job
    # runs.
    start(new_job(Mailing, update.slug, actor, now, update_id=update.update_id), queue, tables)
    scheduled = {"state": UpdateState.SCHEDULED, "publish_at": at}
    published = {"state": UpdateState.SENDING, "publish_at": now, "published_at": now}
    changes = scheduled if at else published
    try:
        return change_update(update, tables, tests=None, **changes)
    except ConditionFailed:
        raise NotNow("This update was published or cancelled meanwhile.") from None


def resume(update: Update, actor: str, now: datetime, queue: Queue, tables: Tables) -> Update:
    """Continue an update that paused by itself. Safe to repeat. Raise NotNow in another state, or if it is too old."""
    if update.state is UpdateState.SENDING and update.decisions:
        return update
    if update.state is not UpdateState.PAUSED:
        raise NotNow(f"This update is {update.state}.")
    if update.is_too_old(now):
        raise NotNow(TOO_OLD)
    _continue(update, actor, now, queue, tables)  # Its job rests while it is paused, or has failed.
    try:
        decisions = [*update.decisions, update.results]
        return change_update(update, tables, state=UpdateState.SENDING, decisions=decisions, why=None)
    except ConditionFailed:
        raise NotNow("This update was continued or cancelled meanwhile.") from None


def cancel(update: Update, now: datetime, tables: Tables) -> Update:
    """Send no more emails. A published update stays on the petition's page. Safe to repeat.

    Return the update as stored; if all its emails were sent before, its state is still `sent`.
    """
    if update.state in (UpdateState.SENT, UpdateState.CANCELLED):
        return update
    try:
        return change_update(update, tables, state=UpdateState.CANCELLED, cancelled_at=now, tests=None)
    except ConditionFailed:
        # The state has changed since it was read: a few times at most, because only a pause comes back.
        return cancel(find_update(update.slug, update.update_id, tables), now, tables)


class MailingProgress(NamedTuple):
    """`actions`: what staff can do with the update now; each is the last part of a route's path.

    `is_stopped`: by a fault. If `actions` has "publish", publishing continues it. `is_retrying`: after a fault, it soon
    continues by itself.
    """

    actions: list[str]
    is_stopped: bool = False
    is_retrying: bool = False


def progress(update: Update, now: datetime, tables: Tables) -> MailingProgress:
    """If an open job makes no progress for too long, it has failed (`at(now)`)."""
    if update.state is UpdateState.DRAFT:
        return MailingProgress(["test", "publish", "cancel"])
    if update.state is UpdateState.PAUSED:
        return MailingProgress(["cancel"] if update.is_too_old(now) else ["resume", "cancel"])
    if update.state not in OPEN:
        return MailingProgress([])
    latest = _latest_job_of_petition(update.slug, tables)
    own = latest if latest and latest.update_id == update.update_id else None
    if own and own.state is JobState.DONE:
        return MailingProgress([])  # The update has just ended: it was read a moment before its job.
    if own and own.at(now).is_open:
        return MailingProgress(["cancel"], is_retrying=own.state_at(now) is JobState.RETRYING)
    # The update's own job is not open here, so an open one is for another update.
    another_has_open_job = latest is not None and latest.at(now).is_open
    can_continue = not another_has_open_job and not update.is_too_old(now)
    return MailingProgress(["publish", "cancel"] if can_continue else ["cancel"], is_stopped=True)


def _continue(update: Update, actor: str, now: datetime, queue: Queue, tables: Tables) -> None:
    """If the job has failed, perhaps after half of the emails. Each is requested only once."""
    latest = _latest_job_of_petition(update.slug, tables)
    if latest and latest.update_id == update.update_id and latest.at(now).is_open:
        return
    if update.is_too_old(now):
        raise NotNow(TOO_OLD)
    start(new_job(Mailing, update.slug, actor, now, update_id=update.update_id), queue, tables)


def _latest_job_of_petition(slug: str, tables: Tables) -> Mailing | None:
    """Only this one can be running."""
    return next(jobs_of(Mailing, slug, tables), None)


DAY = timedelta(days=1)


def readers(petition: Petition, now: datetime, tables: Tables) -> Counter[str]:
    """Return how many people get the petition's updates, by the language they signed in. May lag by seconds."""
    found: Counter[str] = Counter()
    if not petition.is_kept_at(now):
        return found
    for name, number in projected_sums(petition.slug, tables).items():
        if name.startswith(READER_PREFIX) and number > 0:
            found[name.removeprefix(READER_PREFIX) or petition.language] += number
    return found


def sending_time(emails: int, mail_per_second: float, quota: MailQuota) -> timedelta:
    """Return how long this many emails take that nobody waits for, if no more urgent email comes in between."""
    by_rate = timedelta(seconds=emails / (mail_per_second * SHARES[Priority.OTHER]))
    try:
        return max(by_rate, _time_by_quota(emails, quota.daily()))
    except Unavailable:
        return by_rate


def _time_by_quota(emails: int, quota: DailyQuota) -> timedelta:
    """What exceeds today's part of the quota goes out day by day."""
    a_day = quota.most * OTHER_EMAIL_STOPS_AT
    later = emails - max(0.0, a_day - quota.sent)
    return DAY * later / a_day if a_day > 0 and later > 0 else timedelta()


# The email of an older test is dropped if it still waits.
MAX_TESTS = 20
# For each "[" the parser may read a part of the text again, to look for a link.
MAX_BRACKETS = 300
MANY_BRACKETS = f"Use at most {MAX_BRACKETS} square brackets"


def check_typed(text: UpdateText) -> None:
    """Raise Invalid if staff should write it in another way. Stored updates may be older than these rules."""
    errors: list[FieldError] = []
    for prefix, words in (("", text), *((f"translations.{code}.", each) for code, each in text.translations.items())):
        if words.markdown.count("[") > MAX_BRACKETS:
            errors.append(FieldError(f"{prefix}markdown", MANY_BRACKETS))
        errors += header_errors({f"{prefix}title": words.title})
    if errors:
        raise Invalid(errors)


def draft(text: UpdateText, petition: Petition, author: str, now: datetime, tables: Tables) -> Update:
    update = Update(
        **text.model_dump(),
        **_render(text),
        slug=petition.slug,
        update_id=new_update_id(now),
        created_at=now,
        created_by=author,
    )
    add_update(update, tables)
    return update


def edit(text: UpdateText, update: Update, tables: Tables) -> Update:
    """Raise NotNow if it is no longer a draft: people may have read it."""
    return _change_draft(update, tables, **text.model_dump(), **_render(text))


def send_test(update: Update, test: UpdateTest, now: datetime, outbox: Outbox, tables: Tables) -> None:
    test_id = token_hex(8)
    tests = [*(update.tests or {}).items(), (test_id, test)]
    _change_draft(update, tables, tests=dict(tests[-MAX_TESTS:]))
    request = TESTS.request(delivery_key(update.slug, update.update_id, test_id), now, tables)
    outbox.send_now([request])


def _render(text: UpdateText) -> dict[str, Any]:
    rendered: dict[str, Any] = {"html": as_html(text.markdown), "plain": as_text(text.markdown)}
    rendered |= {"htmls": {}, "plains": {}}
    for code, words in text.translations.items():  # Both forms of a text one after the other: it is parsed once.
        rendered["htmls"][code], rendered["plains"][code] = as_html(words.markdown), as_text(words.markdown)
    return rendered


def _change_draft(update: Update, tables: Tables, **fields: Any) -> Update:
    if update.state is not UpdateState.DRAFT:
        raise NotNow(f"This update is {update.state}, so it can no longer be changed.")
    try:
        return change_update(update, tables, **fields)
    except ConditionFailed:
        raise NotNow("This update was published or cancelled meanwhile.") from None
