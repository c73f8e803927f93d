"""Name a mailbox in the limits table by a hash of its address, so that the table contains no address.

The hash is made with another secret than the ids of signatures. So nobody can compare the table's keys with these ids.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.core import keys
from chalicelib.core.address import canonical_of
from chalicelib.core.keys import Key
from chalicelib.core.pseudonyms import oldest_secret, pseudonym
from chalicelib.mail.model import MailRequest


@dataclass(frozen=True)
class Mailbox:
    """`address_id` is the hash of the canonical address. `secret` also makes the hashes inside the address's item."""

    address_id: str
    secret: str

    @property
    def key(self) -> Key:
        return keys.address_limit(self.address_id)

    def hash_of_petition(self, slug: str) -> str:
        """Return the hash that stands for the petition in the address's item. It differs from address to address."""
        return pseudonym(self.secret, "petition", self.address_id, slug)

    def hash_of_request(self, request: MailRequest) -> str:
        """Return the hash by which the address's item names a request. The kind is left out: it may change later."""
        return pseudonym(self.secret, "request", self.address_id, request.key, request.requested_at)


def mailbox_of(address: str, secrets: Mapping[str, str]) -> Mailbox:
    """Return the mailbox of an email address. Addresses with the same canonical form have the same mailbox."""
    secret = oldest_secret(secrets)  # A newer secret would change the hash, and the mailbox's item would not be found.
    return Mailbox(pseudonym(secret, "address", canonical_of(address)), secret)
