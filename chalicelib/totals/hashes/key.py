"""The key with which a source hashes its signers' addresses: a random key for each petition and source.

We use this key for nothing else.
"""

from datetime import datetime
from secrets import token_hex

from chalicelib.aws.table import NewItem, Tables
from chalicelib.core import partner_keys
from chalicelib.core.errors import ConditionFailed
from chalicelib.core.times import iso

KEY_BYTES = 32


def issue_key(slug: str, source: str, now: datetime, tables: Tables) -> str:
    """Return the source's key as hex. Create it if the source has none. A key never changes."""
    key = token_hex(KEY_BYTES)
    try:
        tables.put_new(NewItem(partner_keys.hash_key(slug, source), {"key": key, "issued_at": iso(now)}))
    except ConditionFailed as failure:
        stored = failure.item or {}  # Never {}: the write fails only if the source has a key.
        return str(stored["key"])
    return key


def find_key(slug: str, source: str, tables: Tables) -> bytes | None:
    """Return the source's key as bytes, or None if the source has none."""
    item = tables.get(partner_keys.hash_key(slug, source), consistent=True)
    return bytes.fromhex(item["key"]) if item else None
