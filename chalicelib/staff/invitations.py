"""Invite a colleague by email. An invitation is a token whose text nobody has, until its link is opened and accepted.

So it is listed and revoked as every token. Its link is signed, not stored, and works once: accepting gives the token
its secret, and only the first write can do that.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from chalicelib.aws.table import Attr, Change, Tables
from chalicelib.core import keys, tokens
from chalicelib.core.errors import ConditionFailed, Gone, LinkDamaged
from chalicelib.core.times import iso
from chalicelib.core.tokens import Purpose
from chalicelib.staff.tokens import NewToken, StaffToken, digest_of, find_token, text_of

LIFETIME = timedelta(hours=72)
_USED = "This invitation was used already. If it was not you, tell the person who invited you at once."
_REVOKED = "This invitation was withdrawn. Ask the person who invited you."
_EXPIRED = "This invitation has expired. Ask the person who invited you for another one."


def invitation(token: StaffToken, email: str, by: StaffToken) -> NewToken:
    """Return the token to store. Its present secret is unknown to everybody, also to us."""
    until = min(token.issued_at + LIFETIME, token.expires_at)
    invited = {"invited_email": email, "invited_by": by.owner, "invited_with": by.token_id, "invited_until": until}
    return NewToken(token.model_copy(update=invited), "")


def opened(link_token: str, attempt: str, now: datetime, secrets: dict[str, str], tables: Tables) -> NewToken:
    """Return the token that the link gives to this attempt: a random text of the page, which repeats a lost request.

    Raise LinkDamaged, or Gone if another attempt used the link, or it was revoked or is too old.
    """
    (token_id,), until = tokens.payload_of(Purpose.INVITATION, link_token, secrets)
    token = find_token(token_id, tables)
    if token is None or token.invited_until is None:
        raise LinkDamaged
    if is_withdrawn(token, tables):
        raise Gone(_REVOKED)
    # The same for each repetition of the attempt, so that a lost answer does not use up the link.
    secret = digest_of(tokens.seal(Purpose.INVITATION, f"{token_id}~{attempt}", secrets))
    given = token.model_copy(update={"secret_sha256": digest_of(secret)})
    if token.accepted_at is not None:
        _refuse_unless_repeated(token.model_dump(), given.secret_sha256)
    if now >= min(until, token.expires_at):
        raise Gone(_EXPIRED)
    return NewToken(given, text_of(token_id, secret))


def is_withdrawn(token: StaffToken, tables: Tables) -> bool:
    """Return whether it is revoked, or the token that invited is: whoever stole that one keeps no other."""
    by = find_token(token.invited_with, tables) if token.invited_with else None
    return token.revoked_at is not None or (by is not None and by.revoked_at is not None)


def accept(new: NewToken, now: datetime, tables: Tables) -> str:
    """Give the token its secret, and return its text. Raise Gone if another request was faster."""
    is_waiting = Attr("invited_until").exists() & Attr("accepted_at").not_exists() & Attr("revoked_at").not_exists()
    accepted = {"accepted_at": iso(now), "secret_sha256": new.stored.secret_sha256}
    try:
        tables.update(Change(keys.access_token(new.stored.token_id), assign=accepted, when=is_waiting))
    except ConditionFailed as failure:
        _refuse_unless_repeated(failure.item or {}, new.stored.secret_sha256)
    return new.text


def _refuse_unless_repeated(stored: Mapping[str, Any], digest: str) -> None:
    """Raise Gone if the token is revoked, or another attempt has given it its secret."""
    if stored.get("revoked_at"):
        raise Gone(_REVOKED)
    if stored.get("secret_sha256") != digest:
        raise Gone(_USED)
