"""Files that only their recipient can read: by age or by OpenPGP, file to file in constant memory.

Both libraries are large and seldom needed: they are imported when a key or a file is there, and not before.
"""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.core.errors import FieldError, Invalid

if TYPE_CHECKING:
    from pyrage.x25519 import Recipient as AgeRecipient
    from pysequoia import Cert

PRIVATE = ("AGE-SECRET-KEY-", "PRIVATE KEY BLOCK", "PRIVATE KEY-----")
OPENPGP = "-----BEGIN PGP PUBLIC KEY BLOCK-----"


class Recipient(NamedTuple):
    """A public key, and what names it to people: `age1...`, or `openpgp:` and its fingerprint."""

    key: str
    shown: str


def recipient_of(pasted: str) -> Recipient:
    """Raise Invalid, without a word of what was pasted: it may be a secret."""
    key = pasted.strip()
    if any(mark in key.upper() for mark in PRIVATE):
        raise _wrong("This is a private key. It was not kept, but make a new one: it has left its owner's hands")
    if key.startswith("age1"):
        _age_recipient(key)
        return Recipient(key, key)
    if key.startswith(OPENPGP):  # Written anew: what stood around the public key, whatever it was, is not kept.
        certificate = _certificate(key)
        return Recipient(str(certificate), f"openpgp:{certificate.fingerprint}")
    raise _wrong("Paste a public key: one that begins with age1, or an OpenPGP public key block")


def encrypt(plain: Path, target: Path, key: str) -> None:
    """Raise Invalid when the key can no longer be encrypted to: it may have expired since it was pasted."""
    if key.startswith("age1"):
        import pyrage

        pyrage.encrypt_file(str(plain), str(target), [_age_recipient(key)])
        return
    import pysequoia

    pysequoia.encrypt_file(plain, target, [_certificate(key)], armor=False)


def _age_recipient(key: str) -> "AgeRecipient":
    import pyrage

    try:
        return pyrage.x25519.Recipient.from_str(key)
    except pyrage.RecipientError:
        raise _wrong("This is not a whole age public key: age1 and 58 more signs, without plugins") from None


def _certificate(key: str) -> "Cert":
    """One that is valid and that a file can be encrypted to, which only trying tells."""
    import pysequoia

    try:
        certificate = pysequoia.Cert.from_bytes(key.encode())
        pysequoia.encrypt(b"", [certificate])
    except RuntimeError:
        raise _wrong("This OpenPGP key is damaged, expired, revoked or not for encrypting") from None
    return certificate


def _wrong(message: str) -> Invalid:
    return Invalid([FieldError("recipient", message)])
