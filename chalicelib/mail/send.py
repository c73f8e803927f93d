"""The delivery engine sends one requested email, of any kind: it claims the request, composes, sends and marks.

A request stays stored until it is settled: sent, refused, dropped or unknown (state.py). So after a failure, another
attempt can send the email.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from chalicelib.aws.email import Mail
from chalicelib.aws.table import Item, Tables
from chalicelib.core.errors import (
    ConditionFailed,
    Denied,
    MailRefused,
    NotYet,
    SetStopped,
    Throttled,
    Unavailable,
    Unreached,
)
from chalicelib.core.language import language_of
from chalicelib.core.printable import ENCODED_WORD, one_line
from chalicelib.core.settings import Reputation
from chalicelib.mail import budget, turns
from chalicelib.mail.kind import AfterCrash, Content, Kind, Kinds, Later, MailContext, NotSent
from chalicelib.mail.model import MailRequest, mailbox_of
from chalicelib.pages.jinja import environment

if TYPE_CHECKING:
    from jinja2 import Environment


# Longer than the timeout of its sender, so it expires only after the sender has stopped.
CLAIM = timedelta(seconds=120)
PARTS = ("subject.txt", "body.txt", "body.html")
_SHARED = Path(__file__).with_name("templates")


class SendResult(StrEnum):
    SENT = "sent"
    # Nothing was sent, and nothing is left to do: it was settled earlier or by its kind, or was dropped now.
    SETTLED = "settled"
    REFUSED = "refused"
    HELD = "held"
    WAITS = "waits"
    # An earlier attempt crashed. It may have sent this email, and this kind is never sent twice.
    UNKNOWN = "unknown"


def send(request: MailRequest, kinds: Kinds, context: MailContext, now: datetime, tables: Tables) -> SendResult:
    """Send the email if it may be sent now. Raise Unavailable or NotYet to get the message again later."""
    kind = kinds[request.kind]
    try:
        stored = kind.state.claim(request, now, CLAIM, tables)
    except ConditionFailed as failure:
        if not kind.state.is_still_requested(request, failure.item):
            return SendResult.SETTLED
        if kind.state.is_postponed(failure.item, now):
            return SendResult.WAITS  # Another message comes when the email is due.
        raise NotYet from failure  # Another sender has claimed it, or the last email to this key is too recent.
    # The person may wait by now for an email of another kind, whose message says so. The item decides.
    kind = kinds.get(stored["mail_kind"], kind)
    if kind.after_crash is AfterCrash.UNKNOWN and "mail_began_at" in stored:
        kind.state.mark_unknown(request, now, tables)
        return SendResult.UNKNOWN
    try:
        content = _contents_within_limits(request, kind, stored, context, now, tables)
    except Unavailable:
        kind.state.release(request, now + CLAIM, tables)
        raise
    if not isinstance(content, Content):
        return _keep_or_drop(request, kind, content, now, tables)
    return _send_claimed(request, kind, content, context, now, tables)


def _contents_within_limits(
    request: MailRequest, kind: Kind, stored: Item, context: MailContext, now: datetime, tables: Tables
) -> Content | NotSent | Later:
    content = kind.contents(request.key, stored, context, now, tables)
    if not isinstance(content, Content):
        return content
    # Before `_send_claimed` waits for SES's rate: an email that the limits forbid must not delay the others.
    return _apply_limits(request, content, stored, context, now, tables) or content


def _apply_limits(
    request: MailRequest, content: Content, stored: Item, context: MailContext, now: datetime, tables: Tables
) -> NotSent | Later | None:
    """Apply the limits of the signer's network (turns.py) and the address (budget.py). None: both allow it."""
    if not content.limited_petition:  # Such as a receipt, which strangers cannot cause.
        return None
    due = _due_for_network(request, content, context, now, tables) if content.network else now
    earlier_due = stored.get("mail_due_at")
    if due > now and earlier_due:
        # A postponed email has no network left (`postpone`), so the person has signed again since, and `nudge_mail`
        # stored the present network. Signing again must not delay the email.
        due = min(due, datetime.fromisoformat(earlier_due))
    if due > now:
        return Later(due)
    to = mailbox_of(content.to, context.limit_keys)
    allowance = budget.take_email(to, content.limited_petition, request, now, tables)
    if allowance.is_stopped:
        return NotSent.DROPPED
    return Later(allowance.next_at) if allowance.next_at > now else None


def _due_for_network(
    request: MailRequest, content: Content, context: MailContext, now: datetime, tables: Tables
) -> datetime:
    due = turns.book_first_email(content.network, now, tables)
    turns.watch_network(content.network, due - now, now, tables)
    turns.watch_domain(content.to, request.key, now, context.limit_keys, tables)
    return due


def _keep_or_drop(
    request: MailRequest, kind: Kind, reason: NotSent | Later, now: datetime, tables: Tables
) -> SendResult:
    if isinstance(reason, Later):
        kind.state.postpone(request, reason.due, tables)
        return SendResult.WAITS
    if reason is NotSent.HELD:
        kind.state.release(request, now + CLAIM, tables)
        return SendResult.HELD
    if reason is NotSent.DROPPED:
        kind.state.drop(request, now, tables)
    return SendResult.SETTLED


def _send_claimed(
    request: MailRequest, kind: Kind, content: Content, context: MailContext, now: datetime, tables: Tables
) -> SendResult:
    mail = compose(request, kind, content)
    is_sent_once = kind.after_crash is AfterCrash.UNKNOWN
    if is_sent_once and not kind.state.begin(request, now, tables):  # Meanwhile, it was settled or replaced.
        return SendResult.SETTLED
    try:
        duration = context.deliver(mail)
    except (Throttled, Denied, Unreached, NotYet) as failure:
        # NotYet: the email was not sent. After any other failure it may have been, so the claim stays until it expires.
        # Then AfterCrash (kind.py) decides. `is_booked`: the next attempt does not count the email again.
        kind.state.release(request, now + CLAIM, tables, is_booked=True)
        if isinstance(failure, SetStopped) and kind.reputation is not Reputation.SIGNATURES:
            return SendResult.HELD  # The sweep tries again. Do not raise: `BatchSender` would pause all email.
        raise
    except MailRefused:
        kind.state.mark_refused(request, now, tables)
        return SendResult.REFUSED
    # `deliver` may have waited before it sent the email.
    kind.state.mark_sent(request, now + duration, tables)
    return SendResult.SENT


def compose(request: MailRequest, kind: Kind, content: Content) -> Mail:
    """Its tags are its kind and key, which SES repeats in its events about the email."""
    templates = _templates(kind.templates, content.language)
    values = {**content.values, "unsubscribe_url": content.unsubscribe_url}
    subject, text, html = (templates.get_template(part).render(values) for part in PARTS)
    headers = {}
    if url := content.unsubscribe_url:  # Then an email program can unsubscribe with one click (RFC 8058).
        headers = {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    tags = {"kind": kind.name, "key": request.key}
    return Mail(
        to=content.to,
        subject=one_line(subject).replace(ENCODED_WORD, "= ?"),
        text=text,
        html=html,
        headers=headers,
        tags=tags,
        sender_name=content.sender_name,
        reply_to=content.reply_to,
        reputation=kind.reputation,
    )


@cache
def _templates(folder: Path, language: str) -> "Environment":
    return environment(folder, _SHARED, language=language_of(language))
