"""The signatures of one petition as they may be handed over: what was confirmed, and no address.

The role of whoever reads so may ask for these attributes only (.chalice/policy-run-export.json).
"""

from collections.abc import Iterator

from chalicelib.aws.table import Item, Tables
from chalicelib.core import keys

HANDED_OVER = (
    *("state", "name", "postcode", "country", "source", "signed_at", "confirmed_at", "withdrawn_at"),
    *("text_version", "consent_version"),
)


def bucket_to_hand_over(slug: str, bucket: str, tables: Tables) -> Iterator[Item]:
    """Page by page, in the order of their ids, which says nothing of who signed when; all states."""
    return tables.query(keys.SIGNATURES, keys.signature_partition(slug, bucket), consistent=True, only=HANDED_OVER)
