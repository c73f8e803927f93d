"""One person's signatures, by the address they signed with. There is no list of people to look through."""

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

_id = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Held:
    """A signature, what it is under, and what it signs."""

    petition: Petition
    signature_id: str
    signature: Signature

    @property
    def key(self) -> Key:
        return keys.signature(self.petition.slug, self.signature_id)


def held_of(address: Address, petitions: Sequence[Petition], secrets: Mapping[str, str], tables: Tables) -> list[Held]:
    """In the order of the petitions. An address makes one id for each petition; there is nothing else to ask by."""
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
    """By its id; None too for what is no id at all."""
    if not _id.fullmatch(identity):
        return None
    signature = store.find(keys.signature(petition.slug, identity), tables)
    return Held(petition, identity, signature) if signature else None
