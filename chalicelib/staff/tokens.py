"""Issue, recognise and revoke tokens of staff and partners. The text of a token is shown once and not stored."""

import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from secrets import token_hex
from typing import NamedTuple

from chalicelib.aws.table import Attr, Change, NewItem, Tables
from chalicelib.core import keys
from chalicelib.core.errors import ConditionFailed, Unavailable
from chalicelib.core.models import FrozenModel
from chalicelib.core.rights import Right
from chalicelib.core.times import Moment, iso


class StaffToken(FrozenModel):
    """A token, as stored. The item has only a digest of the token's secret, so a stolen table gives no access.

    `last_used_at` is accurate to ten minutes.
    """

    token_id: str
    owner: str
    rights: frozenset[Right]
    secret_sha256: str
    issued_at: Moment
    expires_at: Moment
    revoked_at: Moment | None = None
    last_used_at: Moment | None = None
    # The partner's id (its `source`). None for a token of staff.
    partner: str | None = None
    # Of a token that began as an invitation (invitations.py). Until it is accepted, nobody has its text.
    invited_email: str | None = None
    invited_by: str | None = None
    # The token of the person who invited: if it is revoked, the invitation is too.
    invited_with: str | None = None
    invited_until: Moment | None = None
    accepted_at: Moment | None = None


# staff_<id>_<secret>: the prefix lets secret scanners find a token that was committed by mistake.
ID = re.compile(r"[0-9a-f]{16}")
TOKEN = re.compile(r"staff_([0-9a-f]{16})_([0-9a-f]{64})")
# At most this often, to save writes.
LAST_USED_INTERVAL = timedelta(minutes=10)


class UnknownToken(Exception):
    """The token is unknown, expired or revoked. The caller does not learn which."""


class NewToken(NamedTuple):
    """A token that is not stored yet, and its text, which is never stored."""

    stored: StaffToken
    text: str


def new_token(
    owner: str, rights: Iterable[Right], now: datetime, expires_at: datetime, partner: str | None = None
) -> NewToken:
    """The token is not stored yet, so that the activity log can record its id first."""
    token_id, secret = token_hex(8), token_hex(32)
    token = StaffToken(
        token_id=token_id,
        owner=owner,
        rights=frozenset(rights),
        secret_sha256=digest_of(secret),
        issued_at=now,
        expires_at=expires_at,
        partner=partner,
    )
    return NewToken(token, text_of(token_id, secret))


def text_of(token_id: str, secret: str) -> str:
    return f"staff_{token_id}_{secret}"


def store_token(new: NewToken, tables: Tables) -> str:
    item = {**new.stored.model_dump(exclude_none=True), "rights": sorted(new.stored.rights)}
    tables.put_new(NewItem(keys.access_token(new.stored.token_id), item))
    return new.text


def issue(owner: str, rights: Iterable[Right], now: datetime, expires_at: datetime, tables: Tables) -> str:
    return store_token(new_token(owner, rights, now, expires_at), tables)


def audit_details(token: StaffToken) -> dict[str, str]:
    return {"owner": token.owner, "rights": ",".join(sorted(token.rights)), "expires": iso(token.expires_at)}


def revoke(token_id: str, now: datetime, tables: Tables) -> bool:
    """Return False if the token does not exist. A repeat keeps the time of the first call."""
    is_not_revoked = Attr("token_id").exists() & Attr("revoked_at").not_exists()
    change = Change(keys.access_token(token_id), assign={"revoked_at": iso(now)}, when=is_not_revoked)
    try:
        tables.update(change)
    except ConditionFailed as failure:
        return failure.item is not None
    return True


def recognise(header: str, now: datetime, tables: Tables) -> StaffToken:
    """Raise UnknownToken if the header's token is unknown, expired or revoked."""
    scheme, _, token_text = header.strip().partition(" ")
    match = TOKEN.fullmatch(token_text.strip())
    if scheme.lower() != "bearer" or not match:
        raise UnknownToken
    token_id, secret = match.groups()
    token = _find(token_id, tables)
    if token is None:
        raise UnknownToken
    # 256 random bits need no slow hash. The comparison takes constant time.
    has_same_secret = compare_digest(token.secret_sha256, digest_of(secret))
    if not has_same_secret:
        raise UnknownToken
    if token.revoked_at is not None or now >= token.expires_at:
        raise UnknownToken
    return token


def record_use(token: StaffToken, now: datetime, tables: Tables) -> None:
    """Store that the token is used now, so that staff can find unused ones. Errors must not stop the request."""
    if token.last_used_at is not None and now < token.last_used_at + LAST_USED_INTERVAL:
        return
    exists = Attr("token_id").exists()
    with suppress(ConditionFailed, Unavailable):
        tables.update(Change(keys.access_token(token.token_id), assign={"last_used_at": iso(now)}, when=exists))


def find_token(token_id: str, tables: Tables) -> StaffToken | None:
    """A malformed id is not looked up, because AWS refuses very long keys."""
    return _find(token_id, tables) if ID.fullmatch(token_id) else None


def all_tokens(tables: Tables) -> list[StaffToken]:
    """Newest first, including expired and revoked ones."""
    items = tables.query(keys.COUNTS, keys.TOKENS_PARTITION, consistent=True)
    return sorted(map(StaffToken.model_validate, items), key=lambda token: token.issued_at, reverse=True)


def digest_of(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def _find(token_id: str, tables: Tables) -> StaffToken | None:
    item = tables.get(keys.access_token(token_id), consistent=True)
    return StaffToken.model_validate(item) if item else None
