"""Load one signature as staff see it, with the owner's choice to get no more email about the petition.

The owner is the person who reads the signature's mailbox. The choice is stored for the address, not in the signature.
`limit_keys` are the secrets of the hash that stands for the address there.
"""

from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.aws.table import Tables
from chalicelib.core.errors import UnknownThing
from chalicelib.mail.mailbox import mailbox_of
from chalicelib.mail.stop import stopped_petitions
from chalicelib.people.access import signature_for_staff
from chalicelib.petitions.find import petition_as_stored
from chalicelib.signatures.look_up import StoredSignature, find_by_id

if TYPE_CHECKING:
    from chalicelib.people.answers import PersonSignature


def one_signature(slug: str, signature_id: str, tables: Tables) -> StoredSignature:
    """Return the signature. Raise UnknownPetition or UnknownThing if the petition or the signature does not exist."""
    petition = petition_as_stored(slug, tables)
    found = find_by_id(petition, signature_id, tables)
    if found is None:
        raise UnknownThing("There is no such signature.")
    return found


def load_for_staff(
    stored: StoredSignature, limit_keys: dict[str, str], now: datetime, tables: Tables
) -> "PersonSignature":
    """Read whether the owner wants no more email about the petition, and return the signature as staff see it."""
    stopped = stopped_slugs([stored], limit_keys, tables)
    is_stopped = stored.petition.slug in stopped
    return signature_for_staff(stored, now, is_stopped=is_stopped)


def stopped_slugs(stored: list[StoredSignature], limit_keys: dict[str, str], tables: Tables) -> set[str]:
    """Return the slugs of the petitions about which the owner wants no email. `stored`: signatures of one address.

    Return an empty set if no signature has an address, because all are withdrawn.
    """
    emails = [each.signature.email for each in stored if each.signature.email]
    if not emails:
        return set()
    mailbox = mailbox_of(emails[0], limit_keys)
    slugs = [each.petition.slug for each in stored]
    return stopped_petitions(mailbox, slugs, tables)
