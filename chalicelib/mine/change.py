"""What the owner changes on the page "my signatures", one signature at a time. Each change is idempotent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from chalicelib.aws.table import Tables
from chalicelib.core import tokens
from chalicelib.core.address import read_address
from chalicelib.core.errors import FieldError, Invalid, OptOutLinkExpired
from chalicelib.core.settings import Settings
from chalicelib.core.sources import DIRECT
from chalicelib.core.tokens import Purpose, Subject
from chalicelib.mail.budget import choice_of, resume, stop
from chalicelib.mail.model import mailbox_of
from chalicelib.mine.link import mailbox_hash, signatures_of
from chalicelib.petitions.find import petition_as_stored
from chalicelib.signatures.look_up import StoredSignature, find_by_id, identities_of
from chalicelib.signatures.model import Moving
from chalicelib.signatures.owner import correct, move
from chalicelib.signatures.withdraw import unsubscribe, withdraw

ACTIONS = ("correct", "withdraw", "stop-updates", "stop-email", "allow-email", "stop-all")


def check_action(action: str) -> None:
    if action not in ACTIONS:
        raise Invalid([FieldError("do", "There is no such action")])


def change(
    found: StoredSignature,
    action: str,
    fields: Mapping[str, str],
    now: datetime,
    limit_keys: dict[str, str],
    tables: Tables,
) -> None:
    """Raise Invalid if a correction is wrong, and Conflicted if others change the signature all the time."""
    choice = choice_of(mailbox_of(found.signature.email or "", limit_keys), found.petition.slug)
    if action == "correct":
        correct(found, fields, now, tables)
    elif action == "withdraw":
        withdraw(found.key, found.petition, now, tables)
    elif action == "stop-updates":
        unsubscribe(found.key, now, tables)
    elif action in ("stop-email", "stop-all"):
        stop(choice, Subject(found.petition.slug, found.signature_id, "", DIRECT), now, tables)
    else:
        resume(choice, now, tables)


@dataclass(frozen=True)
class MoveLink:
    """`found`: the signature that stores the new address. `moving`: None if the move is done."""

    found: StoredSignature
    moving: Moving | None


def open_move(token: str, now: datetime, settings: Settings, tables: Tables) -> MoveLink:
    """Raise LinkDamaged, or OptOutLinkExpired also if the owner of the signature no longer wants this move."""
    payload, expires = tokens.payload_of(Purpose.MOVE, token, settings.token_keys)
    slug, identity, mailbox = payload
    petition = petition_as_stored(slug, tables)
    found = find_by_id(petition, identity, now, tables)
    arrived = found
    if found and found.signature.moved_to:
        arrived = find_by_id(petition, found.signature.moved_to, now, tables)
    if found and arrived and mailbox_hash(arrived.signature.email or "", settings.limit_keys) == mailbox:
        return MoveLink(found, None)
    moving = found.signature.moving if found else None
    is_over = moving is None or now >= min(expires, moving.until)
    if found is None or moving is None or is_over or mailbox_hash(moving.to, settings.limit_keys) != mailbox:
        raise OptOutLinkExpired(slug, identity)
    return MoveLink(found, moving)


def confirm_move(link: MoveLink, now: datetime, settings: Settings, tables: Tables) -> int:
    """Return how many signatures this call moved. Idempotent: after a crash, the same link moves the others.

    The signature that the link names is the last: without it, the link no longer works.
    """
    if link.moving is None:
        return 0
    old, to = link.found.signature.email or "", read_address(link.moving.to)
    own = signatures_of(old, mailbox_hash(old, settings.limit_keys), now, settings, tables)
    in_order = [*(each for each in own if each.key != link.found.key), link.found]
    petitions = [each.petition for each in in_order]
    for each, (_, identity) in zip(in_order, identities_of(to, petitions, settings.signature_keys), strict=True):
        move(each, to, identity, now, tables)
    return len(in_order)
