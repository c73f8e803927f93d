"""Look up signatures by email address, without a stored list of people.

The id of a signature is a keyed hash of the petition and the address. So we compute the id for each petition.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chalicelib.aws.table import Tables
from chalicelib.core import keys
from chalicelib.core.address import Address, signature_id
from chalicelib.core.keys import Key
from chalicelib.petitions.model import Petition
from chalicelib.signatures import store
from chalicelib.signatures.model import Signature

_id_pattern = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class StoredSignature:
    """A signature as stored, with its id and petition."""

    petition: Petition
    signature_id: str
    signature: Signature

    @property
    def key(self) -> Key:
        return keys.signature(self.petition.slug, self.signature_id)


def identities_of(
    address: Address, petitions: Sequence[Petition], secrets: Mapping[str, str]
) -> list[tuple[Petition, str]]:
    """Return each petition with the id that this address's signature has, or would have, in this petition.

    `secrets`: the keys of the hash, by version.
    """
    identities = []
    for petition in petitions:
        secret = secrets[petition.key_version]
        identity = signature_id(petition.slug, address.canonical, secret)
        identities.append((petition, identity))
    return identities


def find_signatures(identities: Sequence[tuple[Petition, str]], tables: Tables) -> list[StoredSignature]:
    """Return the signatures that exist, in the order of `identities` (petition and signature id).

    Leave out the empty items that an erasure stored where there was no signature.
    """
    signature_keys = [keys.signature(petition.slug, identity) for petition, identity in identities]
    by_key = store.find_each(signature_keys, tables)
    found = []
    for petition, identity in identities:
        signature = by_key.get(keys.signature(petition.slug, identity))
        if signature and not signature.is_erasure_mark:
            found.append(StoredSignature(petition, identity, signature))
    return found


def find_by_id(petition: Petition, identity: str, tables: Tables) -> StoredSignature | None:
    """Return the signature with this id, even an empty item of `erase_all`. None: no item, or the id is malformed."""
    if not _id_pattern.fullmatch(identity):
        return None
    signature = store.find(keys.signature(petition.slug, identity), tables)
    return StoredSignature(petition, identity, signature) if signature else None
