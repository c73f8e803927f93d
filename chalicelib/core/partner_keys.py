"""The keys of partners: organisations that collect signatures and send them to us. keys.py describes the other keys.

COUNTS      PARTNERS               <source>         one partner and its settings; <source> is the partner's id
            WORDING#<source>       <version>        a consent wording of a partner, as people agreed to it
            RECEIPT#<slug>#<source>#<bucket> <digest> the record of one signature from a partner; <digest> is a hash of
                                                    the partner's own id of the signature. The record has only ids
"""

from chalicelib.core import keys
from chalicelib.core.keys import Key

PARTNERS_PARTITION = "PARTNERS"


def partner(source: str) -> Key:
    return Key(keys.COUNTS, PARTNERS_PARTITION, source)


def partner_wording(source: str, version: str) -> Key:
    return Key(keys.COUNTS, f"WORDING#{source}", version)


def receipt(slug: str, source: str, digest: str) -> Key:
    """Return a receipt's key. `digest` is an HMAC. It spreads the receipts evenly over 64 partitions (buckets)."""
    return Key(keys.COUNTS, receipt_partition(slug, source, keys.bucket_of(digest)), digest)


def receipt_partition(slug: str, source: str, bucket: str) -> str:
    return f"RECEIPT#{slug}#{source}#{bucket}"
