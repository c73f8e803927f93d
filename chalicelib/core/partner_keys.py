"""The keys of partners: a part of the scheme in `keys`.

COUNTS      PARTNERS               <source>         one partner and its settings
            WORDING#<source>       <version>        a consent wording of a partner, as people agreed to it
            RECEIPT#<slug>#<source>#<bucket> <digest> one signature of a partner, by the partner's id of it: ids only
            HASHKEYS#<slug>        <source>         the key with which a source hashes addresses: a secret
"""

from chalicelib.core import keys
from chalicelib.core.keys import Key

PARTNERS_PARTITION = "PARTNERS"


def partner(source: str) -> Key:
    return Key(keys.COUNTS, PARTNERS_PARTITION, source)


def partner_wording(source: str, version: str) -> Key:
    return Key(keys.COUNTS, f"WORDING#{source}", version)


def receipt(slug: str, source: str, digest: str) -> Key:
    """`digest` is an HMAC, so that its first byte spreads a partner's signatures evenly over BUCKETS."""
    return Key(keys.COUNTS, receipt_partition(slug, source, keys.bucket_of(digest)), digest)


def receipt_partition(slug: str, source: str, bucket: str) -> str:
    return f"RECEIPT#{slug}#{source}#{bucket}"


def hash_key(slug: str, source: str) -> Key:
    return Key(keys.COUNTS, f"HASHKEYS#{slug}", source)
