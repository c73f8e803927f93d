"""Hashes that stand for email addresses and client networks in stored items. The key is a secret in LIMIT_KEYS."""

from collections.abc import Mapping
from hashlib import sha256
from hmac import digest

HASH_BYTES = 16


def oldest_secret(secrets: Mapping[str, str]) -> str:
    """Return the first, oldest secret. It stays in use: people's choices to stop email are stored under its hashes."""
    return next(iter(secrets.values()))


def pseudonym(secret: str, *parts: str) -> str:
    """Return 128 bits of an HMAC as hex. The first part is the purpose, so that no two purposes share a hash."""
    message = "\0".join(parts)
    mac = digest(secret.encode(), message.encode(), sha256)
    return mac[:HASH_BYTES].hex()
