"""Tokens of staff and partners, and their rights."""

from pydantic import BaseModel, ConfigDict

from chalicelib.core.rights import Right
from chalicelib.core.times import Moment


class StaffToken(BaseModel):
    """The stored item. It has only the secret's digest, so a stolen table gives no access.

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
    # The source of the partner whose token it is; None for staff.
    partner: str | None = None
