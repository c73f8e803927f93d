"""Petitions in the counts table."""

from collections.abc import Iterator

from chalicelib import keys
from chalicelib.aws.table import Item, NewItem, Tables
from chalicelib.errors import ConditionFailed
from chalicelib.petitions.model import Petition, PetitionText


def get(slug: str, tables: Tables, *, consistent: bool = False) -> Petition | None:
    item = tables.get(keys.petition(slug), consistent=consistent)
    return _petition(item) if item else None


def list_all(tables: Tables) -> Iterator[Petition]:
    """Drafts and removed ones included, by slug."""
    return map(_petition, tables.query(keys.COUNTS, keys.PETITIONS_PARTITION))


def save(petition: Petition, tables: Tables) -> None:
    tables.put(keys.petition(petition.slug), petition.model_dump(exclude_none=True))


def keep_text(slug: str, text: PetitionText, tables: Tables) -> None:
    """Once a version; a version that is already kept stays as it was first recorded."""
    try:
        tables.put_new(NewItem(keys.petition_text(slug, text.version), text.model_dump()))
    except ConditionFailed:
        return


def _petition(item: Item) -> Petition:
    return Petition.model_validate({name: value for name, value in item.items() if name not in ("pk", "sk")})
