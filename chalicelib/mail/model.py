"""The message in the mail queue, without name or address, and the mailbox that an email goes to.

The limits table names a mailbox by a hash of its address, made with another secret than the ids of signatures: nobody
can compare the table's keys with these ids.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import StringConstraints

from chalicelib.core import keys
from chalicelib.core.address import canonical_of, oldest_secret, pseudonym
from chalicelib.core.keys import Key
from chalicelib.core.models import FrozenModel

# The key is a tag of the email, so that SES's events name the email. SES accepts these characters, up to 256.
DeliveryKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,200}$")]


class Priority(StrEnum):
    """Each priority has its own queue and senders. While much urgent email waits, other email is not sent."""

    URGENT = "urgent"
    OTHER = "other"


class MailRequest(FrozenModel):
    """A request to deliver the email of `kind` and `key`. The key consists of ids.

    `requested_at` (ISO 8601, UTC) identifies the request, so that a message of an older request does nothing.
    """

    kind: str
    key: DeliveryKey
    requested_at: str


@dataclass(frozen=True)
class Mailbox:
    """`address_id` is the hash of the canonical address. `secret` also makes the hashes inside the address's item."""

    address_id: str
    secret: str

    @property
    def key(self) -> Key:
        return keys.address_limit(self.address_id)

    def hash_of_petition(self, slug: str) -> str:
        """It differs from address to address."""
        return pseudonym(self.secret, "petition", self.address_id, slug)

    def hash_of_request(self, request: MailRequest) -> str:
        """The kind is left out: it may change later."""
        return pseudonym(self.secret, "request", self.address_id, request.key, request.requested_at)


def mailbox_of(address: str, secrets: Mapping[str, str], purpose: str = "address") -> Mailbox:
    """Addresses with the same canonical form have the same mailbox. `purpose`: another one has a budget of its own."""
    secret = oldest_secret(secrets)  # A newer secret would change the hash, and the mailbox's item would not be found.
    return Mailbox(pseudonym(secret, purpose, canonical_of(address)), secret)
