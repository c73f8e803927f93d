"""Tokens of staff and partners, and their rights."""

from pydantic import BaseModel, ConfigDict

from chalicelib.core.rights import Right
from chalicelib.core.times import Moment


class StaffToken(BaseModel):
    """A token, as stored. The item has only a digest of the token's secret, so a stolen table gives no access.

    `last_used_at` is accurate to ten minutes.
    """

    model_config = ConfigDict(frozen=True, defer_build=True)

    token_id: str
    owner: str
    rights: frozenset[Right]
    secret_sha256: str
    issued_at: Moment
    expires_at: Moment
    revoked_at: Moment | None = None
    last_used_at: Moment | None = None
    # For a token of a partner: the partner's id (its `source`). None for a token of staff.
    partner: str | None = None
