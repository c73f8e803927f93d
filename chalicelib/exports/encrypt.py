"""Encrypt a file for one recipient with age or OpenPGP, in constant memory.

pyrage (age) and pysequoia (OpenPGP) are large and rarely needed, so they are imported where they are used.
"""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.core.errors import FieldError, Invalid

if TYPE_CHECKING:
    from pyrage.x25519 import Recipient as AgeRecipient
    from pysequoia import Cert

PRIVATE_MARKS = ("AGE-SECRET-KEY-", "PRIVATE KEY BLOCK", "PRIVATE KEY-----")
OPENPGP_START = "-----BEGIN PGP PUBLIC KEY BLOCK-----"


class Recipient(NamedTuple):
    """A public key. `shown` is what staff see of it: the whole age key, or `openpgp:` and the key's fingerprint."""

    key: str
    shown: str


def recipient_of(pasted_key: str) -> Recipient:
    """Parse a pasted public key. Raise Invalid; the error never repeats the pasted text, which may be a secret."""
    key = pasted_key.strip()
    is_private = any(mark in key.upper() for mark in PRIVATE_MARKS)
    if is_private:
        raise _invalid("This is a private key. We have not stored it, but it is no longer secret: make a new key")
    if key.startswith("age1"):
        _age_recipient(key)  # Raises Invalid if the key is damaged.
        return Recipient(key=key, shown=key)
    if key.startswith(OPENPGP_START):  # Keep only the certificate, without other pasted text.
        certificate = _certificate(key)
        return Recipient(key=str(certificate), shown=f"openpgp:{certificate.fingerprint}")
    raise _invalid("Paste a public key: one that begins with age1, or an OpenPGP public key block")


def encrypt(plain: Path, encrypted: Path, key: str) -> None:
    """Encrypt `plain` into `encrypted`. Raise Invalid if the key no longer works: perhaps it has expired."""
    if key.startswith("age1"):
        import pyrage

        pyrage.encrypt_file(str(plain), str(encrypted), [_age_recipient(key)])
        return
    import pysequoia

    pysequoia.encrypt_file(plain, encrypted, [_certificate(key)], armor=False)


def _age_recipient(key: str) -> "AgeRecipient":
    """Parse an age public key. Raise Invalid."""
    import pyrage

    try:
        return pyrage.x25519.Recipient.from_str(key)
    except pyrage.RecipientError:
        raise _invalid("This is not a complete age public key (age1 and 58 more characters, no plugins)") from None


def _certificate(key: str) -> "Cert":
    """Parse an OpenPGP public key. Raise Invalid if the key is damaged or cannot encrypt.

    The library cannot say whether a key can encrypt, so we encrypt an empty message as a test.
    """
    import pysequoia

    try:
        certificate = pysequoia.Cert.from_bytes(key.encode())
        pysequoia.encrypt(b"", [certificate])
    except RuntimeError:
        raise _invalid("This OpenPGP key is damaged, expired, revoked or not for encryption") from None
    return certificate


def _invalid(message: str) -> Invalid:
    return Invalid([FieldError("recipient", message)])
