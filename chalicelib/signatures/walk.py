"""Read all signatures of a petition, bucket by bucket, with only the attributes that the reader's role allows.

Items come page by page, ordered by id, in all states. An id does not reveal when it was signed.
"""

from collections.abc import Iterator

from chalicelib.aws.table import Attr, Item, Tables
from chalicelib.core import keys
from chalicelib.core.address import canonical_of
from chalicelib.core.keys import Key
from chalicelib.signatures.model import SignatureState

# What a recount reads (.chalice/policy-recount.json).
ANONYMOUS = ("state", "country", "source", "counted_source", "by_partner", "signed_at", "confirmed_at", "withdrawn_at")
# What the job that emails an update reads (.chalice/policy-run-update.json).
SUBSCRIBED = ("sk", "state", "updates", "undeliverable")
# What a comparison of hashes reads (.chalice/policy-compare-hashes.json).
ADDRESSED = ("state", "email")
# What a list of those who asked for updates reads (.chalice/policy-run-list.json).
LISTED = ("sk", "state", "updates", "undeliverable", "email", "name", "language", "confirmed_at")
# What `manage.py letters` reads, to find letters that were not requested.
WITH_LETTERS = ("pk", "sk", "state", "letter", "confirmed_at")
# What an export reads (.chalice/policy-run-export.json): no address.
EXPORTED = (
    *("state", "name", "postcode", "country", "source", "signed_at", "confirmed_at", "withdrawn_at"),
    *("text_version", "consent_version"),
)


def read_for_export(slug: str, bucket: str, tables: Tables) -> Iterator[Item]:
    return tables.query(keys.SIGNATURES, keys.signature_partition(slug, bucket), consistent=True, only=EXPORTED)


def read_subscribers(slug: str, bucket: str, after: str, most: int, tables: Tables) -> tuple[list[Item], str | None]:
    """Return the subscribers among the next `most` signatures, and the id of the last one read; None at the end.

    Eventually consistent. No name and no address.
    """
    start = keys.signature_partition(slug, bucket)
    is_subscriber = Attr("state").eq(SignatureState.CONFIRMED) & Attr("updates").eq(True)
    return tables.page(Key(keys.SIGNATURES, start, after), SUBSCRIBED, is_subscriber, most)


def read_for_opt_in_list(slug: str, bucket: str, tables: Tables) -> Iterator[Item]:
    """Yield the confirmed signatures, to list those that asked for updates."""
    for item in tables.query(keys.SIGNATURES, keys.signature_partition(slug, bucket), consistent=True, only=LISTED):
        if item["state"] == SignatureState.CONFIRMED:
            yield item


def read_confirmed_addresses(slug: str, bucket: str, tables: Tables) -> Iterator[str]:
    """Yield the canonical address of each confirmed signature."""
    for item in tables.query(keys.SIGNATURES, keys.signature_partition(slug, bucket), consistent=True, only=ADDRESSED):
        if item["state"] == SignatureState.CONFIRMED:
            yield canonical_of(item["email"])


def read_letter_senders(slug: str, bucket: str, after: str, most: int, tables: Tables) -> tuple[list[Item], str | None]:
    """Return those with a letter among the next `most` signatures, and the id of the last one read; None at the end.

    Only for `manage.py letters`: the items contain the letters.
    """
    sends_letter = Attr("state").eq(SignatureState.CONFIRMED) & Attr("letter").exists()
    start = Key(keys.SIGNATURES, keys.signature_partition(slug, bucket), after)
    return tables.page(start, WITH_LETTERS, sends_letter, most)


def read_for_recount(slug: str, bucket: str, tables: Tables) -> Iterator[Item]:
    """Yield what a recount needs: no name and no address."""
    return tables.query(keys.SIGNATURES, keys.signature_partition(slug, bucket), consistent=True, only=ANONYMOUS)
