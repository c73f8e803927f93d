"""Who on the staff may do what."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from chalicelib.core.times import Moment


class Right(StrEnum):
    """What a token may open. None implies another: whoever needs two gets two."""

    COUNTS = "counts"
    MANAGE = "manage"
    EXPORT = "export"
    PEOPLE = "people"


class StaffToken(BaseModel):
    """As stored: the secret's digest only, so that a stolen table opens no door. `last_used_at` is to ten minutes."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    token_id: str
    owner: str
    rights: frozenset[Right]
    secret_sha256: str
    issued_at: Moment
    expires_at: Moment
    revoked_at: Moment | None = None
    last_used_at: Moment | None = None
