"""What the owner changes on the page "my signatures", one signature at a time. Each change is idempotent."""

from collections.abc import Mapping
from datetime import datetime

from chalicelib.aws.table import Tables
from chalicelib.core.errors import FieldError, Invalid
from chalicelib.core.sources import DIRECT
from chalicelib.core.tokens import Subject
from chalicelib.mail.budget import choice_of, resume, stop
from chalicelib.mail.model import mailbox_of
from chalicelib.signatures.look_up import StoredSignature
from chalicelib.signatures.owner import correct
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
