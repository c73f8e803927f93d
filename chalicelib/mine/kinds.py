"""The kinds of email about "my signatures": the link, and the question to the new address of a move.

Anybody can have the first sent to any address that signed, and who has a link can have the second sent to any address.
So the budget of the address limits both, and neither is sent to an owner who stopped our email: that promise holds
"whoever types your address". The stop link in any earlier email allows email again.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from chalicelib.aws.table import Item, Tables
from chalicelib.core import keys, tokens
from chalicelib.core.sources import DIRECT
from chalicelib.core.tokens import Purpose, Subject
from chalicelib.mail.budget import choice_of, stop_token, take_email
from chalicelib.mail.deliveries import Deliveries
from chalicelib.mail.kind import Content, Kind, Later, MailContext, NotSent, by_name
from chalicelib.mail.model import Priority, mailbox_of
from chalicelib.mine.link import LIFETIME, link_token, mailbox_hash
from chalicelib.petitions.find import petition_as_stored
from chalicelib.signatures import mail_state
from chalicelib.signatures.look_up import StoredSignature, find_by_id
from chalicelib.signatures.owner import MOVE_LIFETIME, forget_move

NOBODY = "0" * 32  # The id of no signature.
TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True, kw_only=True)
class LinkDeliveries(Deliveries):
    """After a bounce or a complaint, the signature is undeliverable too: its address gets no further link."""

    def mark_undeliverable(self, key: str, reason: str, now: datetime, tables: Tables) -> None:
        super().mark_undeliverable(key, reason, now, tables)
        slug, identity, *_ = key.split("_")
        mail_state.mark_undeliverable(keys.signature(slug, identity), reason, tables)


# Nobody waits for a link that comes after days. A bounce of the new address says nothing about the old one.
LINKS = LinkDeliveries(kind="my-signatures", lifetime=timedelta(days=2))
MOVES = Deliveries(kind="move", lifetime=MOVE_LIFETIME)
MOVES_OVER = Deliveries(kind="move-over", lifetime=MOVE_LIFETIME + timedelta(days=60))


def link_key(slug: str, identity: str, window: str) -> str:
    """No part contains an underscore."""
    return f"{slug}_{identity}_{window}"


def move_key(found: StoredSignature, mailbox: str, window: str) -> str:
    return f"{link_key(found.petition.slug, found.signature_id, mailbox)}_{window}"


def link_email(key: str, stored: Item, context: MailContext, now: datetime, tables: Tables) -> Content | NotSent:
    """Drop it if the signature does not exist, or the address may have no email."""
    found = _find(key, now, tables)
    email = found.signature.email if found else None  # None also when the petition's retention has ended.
    if found is None or not email or found.signature.is_withdrawn_or_expired(now) or found.signature.undeliverable:
        return NotSent.DROPPED
    until = now + LIFETIME
    token = link_token(found, mailbox_hash(email, context.limit_keys), until, context.token_keys)
    return _content(found, email, Purpose.MY_SIGNATURES, token, until, context, now)


def move_email(
    key: str, stored: Item, context: MailContext, now: datetime, tables: Tables
) -> Content | NotSent | Later:
    """Drop it if the owner of the signature no longer wants to move it there.

    The owner may have as many of these emails as an address may get. Otherwise one signature would be enough to have
    email sent to any number of strangers.
    """
    found, mailbox = _find(key, now, tables), key.split("_")[2]
    moving = found.signature.moving if found else None
    if found is None or moving is None or now >= moving.until or mailbox_hash(moving.to, context.limit_keys) != mailbox:
        return NotSent.DROPPED
    budget = mailbox_of(found.signature.email or "", context.limit_keys, purpose="moves")
    next_at = take_email(budget, found.petition.slug, MOVES.request_of(stored), now, tables).next_at
    if next_at > now:
        return Later(next_at)
    payload = (found.petition.slug, found.signature_id, mailbox)
    token = tokens.issue(Purpose.MOVE, payload, moving.until, context.token_keys)
    return _content(found, moving.to, Purpose.MOVE, token, moving.until, context, now)


def end_of_move(key: str, stored: Item, context: MailContext, now: datetime, tables: Tables) -> NotSent | Later:
    """This is no email: forget the new address when the time for its link is over."""
    found = _find(key, now, tables)
    moving = found.signature.moving if found else None
    if found is None or moving is None:
        return NotSent.DROPPED
    if now < moving.until:
        return Later(moving.until)
    forget_move(found, tables)
    return NotSent.DROPPED


def _find(key: str, now: datetime, tables: Tables) -> StoredSignature | None:
    slug, identity, *_ = key.split("_")
    return find_by_id(petition_as_stored(slug, tables), identity, now, tables)


def _content(
    found: StoredSignature,
    to: str,
    purpose: Purpose,
    token: str,
    until: datetime,
    context: MailContext,
    now: datetime,
) -> Content:
    petition, chosen = found.petition, found.signature.language
    slug, code = petition.slug, chosen or petition.language
    translated = petition.in_language(code)
    choice = choice_of(mailbox_of(to, context.limit_keys), slug)
    # The owner of a new address may stop our email there. That must not stop the updates of the old one.
    identity = found.signature_id if to == found.signature.email else NOBODY
    stop = stop_token(Subject(slug, identity, "", DIRECT), choice, now, context.token_keys)
    values: dict[str, Any] = {
        "petition": translated,
        "url": context.link_with_token(purpose, token, chosen),
        "until": until,
        "stop_url": context.link_with_token(Purpose.STOP, stop, chosen),
    }
    return Content(to, values, language=code, sender_name=translated.charity, limited_petition=slug)


MY_SIGNATURES_KINDS = by_name(
    Kind(LINKS.kind, TEMPLATES / "link", Priority.OTHER, LINKS, link_email),
    Kind(MOVES.kind, TEMPLATES / "move", Priority.OTHER, MOVES, move_email),
    Kind(MOVES_OVER.kind, TEMPLATES / "move", Priority.OTHER, MOVES_OVER, end_of_move),
)
