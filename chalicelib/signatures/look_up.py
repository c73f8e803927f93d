"""Look up signatures by email address, without a list of people: the id is a keyed hash of petition and address.

A signature whose personal data is due to be removed is returned without it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

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
    petition: Petition
    signature_id: str
    signature: Signature

    @property
    def key(self) -> Key:
        return keys.signature(self.petition.slug, self.signature_id)


def identities_of(
    address: Address, petitions: Sequence[Petition], secrets: Mapping[str, str]
) -> list[tuple[Petition, str]]:
    """Return each petition with the id that this address has, or would have, in it. `secrets`: hash keys by version."""
    return [
        (petition, signature_id(petition.slug, address.canonical, secrets[petition.key_version]))
        for petition in petitions
    ]


def find_signatures(identities: Sequence[tuple[Petition, str]], now: datetime, tables: Tables) -> list[StoredSignature]:
    """Return the signatures that exist, in the order of `identities` (petition and id), without erasure marks."""
    signature_keys = [keys.signature(petition.slug, identity) for petition, identity in identities]
    by_key = store.find_each(signature_keys, tables)
    found = []
    for petition, identity in identities:
        signature = by_key.get(keys.signature(petition.slug, identity))
        if signature and not signature.is_erasure_mark:
            found.append(_kept_part(petition, identity, signature, now))
    return found


def find_by_id(petition: Petition, identity: str, now: datetime, tables: Tables) -> StoredSignature | None:
    """Return the signature with this id, even an empty item of `erase_all`. None: no item, or the id is malformed."""
    if not _id_pattern.fullmatch(identity):
        return None
    signature = store.find(keys.signature(petition.slug, identity), tables)
    return _kept_part(petition, identity, signature, now) if signature else None


def _kept_part(petition: Petition, identity: str, signature: Signature, now: datetime) -> StoredSignature:
    kept = signature if petition.is_kept_at(now) else signature.without_personal_data
    return StoredSignature(petition, identity, kept)


def find_moved(petition: Petition, identity: str, now: datetime, tables: Tables) -> StoredSignature | None:
    """Return the signature with this id, or what it became when its owner moved it to another address.

    For letters: they are stored under the id that the signature had when they were requested.
    """
    found = find_by_id(petition, identity, now, tables)
    while found and found.signature.moved_at and found.signature.moved_to:
        # The moves do not go round: a signature that arrives has no `moved_to`.
        found = find_by_id(petition, found.signature.moved_to, now, tables)
    return found
