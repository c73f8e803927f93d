"""What the API returns about the activity log."""

from typing import NotRequired

from typing_extensions import TypedDict

from chalicelib.core.answers import Time


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
