"""Canaries: invented personal data, one kind for each entrance, and the search for it in whatever holds texts.

The search reads nested values, base64, URLs, gzip, ZIP and PDF. It cannot read what is encrypted.
"""

import base64
import binascii
import gzip
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from hashlib import md5, sha1, sha256
from typing import NamedTuple
from urllib.parse import unquote_plus

from pypdf import PdfReader

from chalicelib.core.address import canonical_of

# Each word begins with its kind, then names its entrance. The address stays so in its canonical form.
_KINDS = {"nym": "name", "box": "address", "dom": "address", "own": "words", "bro": "browser"}
_WORD = re.compile(rf"zq({'|'.join(_KINDS)})([a-z]+?)zq", re.IGNORECASE)
# The first half of a postcode counts only as a word of its own: it is short, and random texts may contain it.
_HALF_POSTCODE = re.compile(r"(?<![\w+/=-])zq(\d\d)(?![\w+/=-])", re.IGNORECASE)
_POSTCODE = re.compile(r"zq(\d\d)(?:[\s+-]|%20)*7qz", re.IGNORECASE)
_NETWORK = re.compile(r"198\.18\.(\d+)\.[07]")
_HASH = re.compile(r"(?<![0-9a-f])(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})(?![0-9a-f])", re.IGNORECASE)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")

# A kind, such as "name", and an entrance, such as "form".
Finding = tuple[str, str]


class Canary(NamedTuple):
    """A person who comes through one entrance."""

    entrance: str
    number: int
    name: str
    email: str
    postcode: str
    words: str
    network: str
    browser: str


def a_canary(entrance: str, number: int, domain: str = "") -> Canary:
    """`domain`: of the address, if it needs another than its own."""
    return Canary(
        entrance,
        number,
        name=f"Zqnym{entrance}zq Surname",
        email=f"Zqbox{entrance}zq+tag@{domain or f'zqdom{entrance}zq.example'}",
        postcode=f"ZQ{number} 7QZ",
        words=f"Zqown{entrance}zq is what I want to say.",
        network=f"198.18.{number}.7",
        browser=f"Zqbro{entrance}zq/1.0",
    )


class Search:
    def __init__(self, canaries: Iterable[Canary]) -> None:
        self._entrances = {str(canary.number): canary.entrance for canary in canaries}
        self._hashes: dict[str, str] = {}
        for canary in canaries:
            for address in (canary.email, canary.email.lower(), canonical_of(canary.email)):
                for hashed in (md5, sha1, sha256):  # Without a secret, anybody can test an address.
                    self._hashes[hashed(address.encode()).hexdigest()] = canary.entrance

    def find(self, value: object) -> set[Finding]:
        """Return the kinds and entrances of all canaries that this value holds."""
        return {finding for text in texts_in(value) for finding in self._in_text(text)}

    def _in_text(self, text: str) -> Iterator[Finding]:
        for word in _WORD.finditer(text):
            yield _KINDS[word[1].lower()], word[2].lower()
        for kind, pattern in (("postcode", _POSTCODE), ("postcode", _HALF_POSTCODE), ("network", _NETWORK)):
            for number in pattern.findall(text):
                yield kind, self._entrances.get(number, number)
        for digest in _HASH.findall(text):
            if digest.lower() in self._hashes:
                yield "address", self._hashes[digest.lower()]


def texts_in(value: object) -> Iterator[str]:
    """Yield every text in the value, unpacked."""
    if isinstance(value, str):
        yield value
        yield unquote_plus(value)
        for token in _BASE64.findall(value):
            yield from _in_base64(token)
    elif isinstance(value, bytes):
        yield from _in_bytes(value)
    elif isinstance(value, Mapping):
        for pair in value.items():
            yield from texts_in(pair)
    elif isinstance(value, list | tuple | set | frozenset):
        for each in value:
            yield from texts_in(each)


def _in_base64(token: str) -> Iterator[str]:
    plain = token.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        content = base64.b64decode(plain + "=" * (-len(plain) % 4))
        if not content.startswith((b"\x1f\x8b", b"PK\x03\x04", b"%PDF")):
            content.decode()
    except (binascii.Error, UnicodeDecodeError):  # An id, or another text that looks like base64.
        return
    yield from _in_bytes(content)


def _in_bytes(content: bytes) -> Iterator[str]:
    if content.startswith(b"\x1f\x8b"):
        yield from _in_bytes(gzip.decompress(content))
    elif content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for info in archive.infolist():
                yield info.filename
                if not info.flag_bits & 1:  # Otherwise it is encrypted.
                    yield from _in_bytes(archive.read(info))
    elif content.startswith(b"%PDF"):
        pdf = PdfReader(io.BytesIO(content))
        yield from texts_in([*(pdf.metadata or {}).values(), *(page.extract_text() for page in pdf.pages)])
    else:
        yield from texts_in(content.decode("utf-8", "replace"))
