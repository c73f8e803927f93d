"""The message in the mail queue: one request for an email, without name or address."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

# The key is a tag of the email, so that SES's events name the email. SES accepts these characters in a tag, up to 256.
DeliveryKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,200}$")]


class Priority(StrEnum):
    """Each priority has its own queue and its own senders. While much urgent email waits, other email is not sent."""

    # A person is waiting for it.
    URGENT = "urgent"
    OTHER = "other"


class MailRequest(BaseModel):
    """A request to deliver the email of `kind` and `key`. The key consists of ids.

    `requested_at` (ISO 8601, UTC) identifies the request, so that a message of an older request does nothing.
    """

    model_config = ConfigDict(frozen=True, defer_build=True)

    kind: str
    key: DeliveryKey
    requested_at: str
