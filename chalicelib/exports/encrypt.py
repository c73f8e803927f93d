"""Encrypt a file for one recipient with age, in constant memory.

pyrage (age) is large and rarely needed, so it is imported where it is used.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from chalicelib.core.errors import FieldError, Invalid

if TYPE_CHECKING:
    from pyrage.x25519 import Recipient

PRIVATE_MARKS = ("AGE-SECRET-KEY-", "PRIVATE KEY BLOCK", "PRIVATE KEY-----")


def recipient_of(pasted_key: str) -> str:
    """Return the public key. Raise Invalid; the error never repeats the pasted text, which may be a secret."""
    key = pasted_key.strip()
    if any(mark in key.upper() for mark in PRIVATE_MARKS):
        raise _invalid("This is a private key. We have not stored it, but it is no longer secret: make a new key")
    if not key.startswith("age1"):
        raise _invalid("Paste a public key: one that begins with age1")
    _parsed(key)
    return key


def encrypt(plain: Path, encrypted: Path, key: str) -> None:
    """Encrypt `plain` into `encrypted` for the owner of the public key."""
    import pyrage

    pyrage.encrypt_file(str(plain), str(encrypted), [_parsed(key)])


def _parsed(key: str) -> "Recipient":
    import pyrage

    try:
        return pyrage.x25519.Recipient.from_str(key)
    except pyrage.RecipientError:
        raise _invalid("This is not a complete age public key (age1 and 58 more characters, no plugins)") from None


def _invalid(message: str) -> Invalid:
    return Invalid([FieldError("recipient", message)])
