"""Who on the staff may do what."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from chalicelib.moments import Moment


class Right(StrEnum):
    COUNTS = "counts"
    MANAGE = "manage"


class StaffToken(BaseModel):
    """As stored: the secret's digest only, so that a stolen table opens no door."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    token_id: str
    owner: str
    rights: frozenset[Right]
    secret_sha256: str
    issued_at: Moment
    expires_at: Moment
    revoked_at: Moment | None = None
