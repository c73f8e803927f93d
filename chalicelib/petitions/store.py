"""Read and write petitions, and the versions of their texts and letters, in the counts table."""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping

from chalicelib.aws.table import Attr, Change, Condition, Item, NewItem, Tables, absent_or_at_most
from chalicelib.core import keys
from chalicelib.core.letter_keys import letter_text
from chalicelib.petitions.letter import LetterVersion
from chalicelib.petitions.model import Petition, PublicRemoval
from chalicelib.petitions.text import PetitionText


def get(slug: str, tables: Tables, *, consistent: bool = False) -> Petition | None:
    item = tables.get(keys.petition(slug), consistent=consistent)
    return _petition(item) if item else None


def get_with_slugs(slug: str, tables: Tables) -> tuple[Petition | None, frozenset[str]]:
    """Return the petition and the slugs of all petitions, by one call."""
    petition_key, slugs_key = keys.petition(slug), keys.slugs()
    by_partition = {item["pk"]: item for item in tables.batch_get([petition_key, slugs_key])}
    petition_item = by_partition.get(petition_key.pk)
    slugs_item = by_partition.get(slugs_key.pk, {})
    petition = _petition(petition_item) if petition_item else None
    return petition, frozenset(slugs_item.get("slugs", ()))


def list_all(tables: Tables) -> Iterator[Petition]:
    return map(_petition, tables.query(keys.COUNTS, keys.PETITIONS_PARTITION))


def slugs_from(slug: str, tables: Tables) -> Iterator[str]:
    """Yield in order the slugs from `slug` on. Read only keys."""
    between = (slug, "~") if slug else None  # No slug sorts after "~".
    for item in tables.query(keys.COUNTS, keys.PETITIONS_PARTITION, between, only=("sk",)):
        yield item["sk"]


def add(petition: Petition, tables: Tables) -> None:
    """Store a new petition, and list its slug. Raise ConditionFailed when the slug is taken."""
    new = NewItem(keys.petition(petition.slug), petition.model_dump(exclude_none=True))
    tables.transact([new, Change(keys.slugs(), add={"slugs": {petition.slug}})])


def replace(petition: Petition, tables: Tables) -> None:
    """Raise ConditionFailed if the stored petition is not the previous revision or has more shards."""
    attributes = petition.model_dump(exclude_none=True, exclude={"removals"})
    absent = [name for name in Petition.model_fields if name not in (*attributes, "removals")]
    when = _has_revision(petition.revision - 1) & Attr("shards").lte(petition.shards)
    tables.update(Change(keys.petition(petition.slug), assign=attributes, remove=absent, when=when))


def store_removals(slug: str, removals: list[PublicRemoval], tables: Tables) -> None:
    stored = [removal.model_dump(exclude_none=True) for removal in removals]
    tables.try_update(Change(keys.petition(slug), assign={"removals": stored}, when=Attr("slug").exists()))


def raise_shards(slug: str, shards: int, tables: Tables) -> bool:
    """Store a higher number of shards. Return False unless the petition exists and has fewer."""
    has_fewer = Attr("shards").lt(shards)
    return tables.try_update(Change(keys.petition(slug), assign={"shards": shards}, when=has_fewer))


def store_text(slug: str, text: PetitionText, tables: Tables) -> None:
    tables.try_put_new(NewItem(keys.petition_text(slug, text.version), text.model_dump(exclude_none=True)))


def store_letter(slug: str, letter: LetterVersion, tables: Tables) -> None:
    tables.try_put_new(NewItem(letter_text(slug, letter.version), letter.model_dump(exclude_none=True)))


def find_letter(slug: str, version: str, tables: Tables) -> LetterVersion | None:
    item = tables.get(letter_text(slug, version))
    return LetterVersion.model_validate(item) if item else None


def list_letters(slug: str, tables: Tables) -> list[LetterVersion]:
    partition = letter_text(slug, "").pk  # The versions are in one partition, so any version gives the partition.
    items = tables.query(keys.COUNTS, partition)
    return sorted(map(LetterVersion.model_validate, items), key=lambda version: version.recorded_at)


def find_texts(versions: Mapping[str, str], tables: Tables) -> dict[str, PetitionText]:
    text_keys = {keys.petition_text(slug, version): slug for slug, version in versions.items()}
    return {slug: PetitionText.model_validate(item) for slug, item in tables.batch_get_by(text_keys)}


def find_versions(slug: str, versions: Iterable[str], tables: Tables) -> dict[str, PetitionText]:
    text_keys = {keys.petition_text(slug, version): version for version in versions}
    return {version: PetitionText.model_validate(item) for version, item in tables.batch_get_by(text_keys)}


def add_picture(slug: str, digest: str, jpeg: bytes, tables: Tables) -> None:
    tables.try_put_new(NewItem(keys.picture(slug, digest), {"jpeg": b64encode(jpeg).decode()}))


def find_picture(slug: str, digest: str, tables: Tables) -> bytes | None:
    item = tables.get(keys.picture(slug, digest))
    return b64decode(item["jpeg"]) if item else None


def _has_revision(number: int) -> Condition:
    if number > 0:
        return Attr("revision").eq(number)
    # A petition stored before revisions existed has no revision, or revision 0.
    return Attr("slug").exists() & absent_or_at_most("revision", 0)


def texts(slug: str, tables: Tables) -> list[PetitionText]:
    items = tables.query(keys.COUNTS, keys.text_partition(slug))
    return [PetitionText.model_validate(item) for item in items]


def _petition(item: Item) -> Petition:
    fields = {name: value for name, value in item.items() if name not in ("pk", "sk")}
    return Petition.model_validate(fields)
