"""Look up one person's signatures by email address. There is no list of people."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chalicelib.aws.table import Tables
from chalicelib.core import keys
from chalicelib.core.keys import Key
from chalicelib.petitions.model import Petition
from chalicelib.signatures import store
from chalicelib.signatures.address import Address, signature_id
from chalicelib.signatures.model import Signature

_id_pattern = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Held:
    """A signature with its id and petition."""

    petition: Petition
    signature_id: str
    signature: Signature

    @property
    def key(self) -> Key:
        return keys.signature(self.petition.slug, self.signature_id)


def held_of(address: Address, petitions: Sequence[Petition], secrets: Mapping[str, str], tables: Tables) -> list[Held]:
    """Return the address's signatures, in the order of the petitions. An address has one id per petition."""
    identities = {
        petition.slug: signature_id(petition.slug, address.canonical, secrets[petition.key_version])
        for petition in petitions
    }
    found = store.find_each([keys.signature(*each) for each in identities.items()], tables)
    held = [(petition, identities[petition.slug]) for petition in petitions]
    return [
        Held(petition, identity, found[key])
        for petition, identity in held
        if (key := keys.signature(petition.slug, identity)) in found
    ]


def held_as(petition: Petition, identity: str, tables: Tables) -> Held | None:
    """Return the signature with this id; None if there is none or the id is malformed."""
    if not _id_pattern.fullmatch(identity):
        return None
    signature = store.find(keys.signature(petition.slug, identity), tables)
    return Held(petition, identity, signature) if signature else None
