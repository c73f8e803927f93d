"""What the API returns about staff tokens."""

from typing import Annotated, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from chalicelib.core.answers import Time
from chalicelib.core.rights import Right


class ShownToken(TypedDict):
    """A token of staff or of a partner, without its secret, which is not stored."""

    token_id: str
    owner: str
    rights: list[Right]
    issued_at: Time
    expires_at: Time
    last_used_at: Time | None
    """When the token was last used, accurate to ten minutes."""
    revoked_at: Time | None
    partner: str | None
    """The partner's `source`, if it is the token of a partner. Null for a token of staff."""
    invited_email: str | None
    """The address that the invitation was sent to. Null, as the next three, if the token was not an invitation."""
    invited_by: str | None
    invited_until: Time | None
    """Until when the link of the invitation works, once."""
    accepted_at: Time | None
    """When the link was used. Null: nobody has this token yet."""
    usable: bool
    """Whether the token is neither expired nor revoked."""


class MyToken(ShownToken):
    """Your own token."""

    routes: Annotated[dict[str, Right], Field(examples=[{"GET /api/staff/audit": "manage"}])]
    """The right that each route of staff or partners needs, by method and path. Routes that need none are left out."""


class IssuedToken(ShownToken):
    """A new token. It is shown only once."""

    token: Annotated[str, Field(pattern=r"^staff_[0-9a-f]{16}_[0-9a-f]{64}$")]


class ShownTokens(TypedDict):
    tokens: list[ShownToken]


class AuditFact(TypedDict):
    """The subject of an action, or one of its details, in words."""

    name: str
    value: str


class AuditEntry(TypedDict):
    """An entry of the activity log. It is stored before the action is done, and names signers by id only."""

    at: Time
    owner: str
    token_id: str
    source_ip: str
    action: str
    description: str
    """The action in words."""
    refused: str | None
    """Why the action was refused, so that it was not done. Null if it was not refused."""
    subject: str
    details: dict[str, str]
    facts: list[AuditFact]
    """The subject and the details in words."""


class AuditPage(TypedDict):
    entries: list[AuditEntry]
    next: NotRequired[str]
    """Send this as `after` to get older entries. Absent on the last page."""
