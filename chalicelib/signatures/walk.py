"""Read all signatures of a petition, bucket by bucket, with only the attributes that the reader's role allows.

Items come page by page, ordered by id, in all states. An id does not reveal when it was signed.
"""

from collections.abc import Iterator

from chalicelib.aws.table import Item, Tables
from chalicelib.core import keys

# What a recount reads (.chalice/policy-recount.json).
ANONYMOUS = ("state", "country", "source", "counted_source", "signed_at", "confirmed_at", "withdrawn_at")
# What an export reads (.chalice/policy-run-export.json): no address.
EXPORTED = (
    *("state", "name", "postcode", "country", "source", "signed_at", "confirmed_at", "withdrawn_at"),
    *("text_version", "consent_version"),
)


def exportable(slug: str, bucket: str, tables: Tables) -> Iterator[Item]:
    return tables.query(keys.SIGNATURES, keys.signature_partition(slug, bucket), consistent=True, only=EXPORTED)


def anonymous(slug: str, bucket: str, tables: Tables) -> Iterator[Item]:
    """Yield what a recount needs: no name and no address."""
    return tables.query(keys.SIGNATURES, keys.signature_partition(slug, bucket), consistent=True, only=ANONYMOUS)
