"""Encrypted files are opened again by other programs than the one that wrote them; a wrong key says nothing."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pyrage
import pytest

from chalicelib.core.errors import Invalid
from chalicelib.exports.encrypt import encrypt, recipient_of

TEXT = b"name\r\nAlice Achterberg\r\n" * 5_000
needs_gpg = pytest.mark.skipif(not shutil.which("gpg"), reason="no gpg on this machine")
needs_age = pytest.mark.skipif(not shutil.which("age"), reason="no age on this machine")


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    path = tmp_path / "plain"
    path.write_bytes(TEXT)
    return path


class Gpg:
    """GnuPG with a home of its own. Its path must be short: there is a socket in it."""

    def __init__(self, home: str) -> None:
        self._home = home

    def __call__(self, *words: str, given: bytes = b"") -> bytes:
        whole = ["gpg", "--batch", "--homedir", self._home, "--pinentry-mode", "loopback", "--passphrase", "", *words]
        done = subprocess.run(whole, input=given, capture_output=True, check=True)
        return done.stdout

    def key(self, *kind: str) -> str:
        self("--quick-gen-key", "Office <office@parliament.example>", *kind)
        return self("--armor", "--export").decode()


@pytest.fixture
def gpg() -> Iterator[Gpg]:
    with TemporaryDirectory(prefix="g-") as home:
        yield Gpg(home)
        subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=False)


@needs_age
def test_a_file_for_an_age_key_is_opened_by_age(plain: Path, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(str(owner := pyrage.x25519.Identity.generate()))
    encrypt(plain, tmp_path / "sealed", str(owner.to_public()))
    assert b"Alice" not in (tmp_path / "sealed").read_bytes()
    opening = ["age", "--decrypt", "-i", str(tmp_path / "key"), str(tmp_path / "sealed")]
    assert subprocess.run(opening, capture_output=True, check=True).stdout == TEXT


@needs_gpg
@pytest.mark.parametrize("kind", [("rsa3072", "sign,encrypt"), ("future-default", "default")], ids=str)
def test_a_file_for_an_openpgp_key_is_opened_by_gnupg(plain: Path, tmp_path: Path, gpg: Gpg, kind: list[str]) -> None:
    recipient = recipient_of(gpg.key(*kind))
    encrypt(plain, tmp_path / "sealed", recipient.key)
    assert b"Alice" not in (tmp_path / "sealed").read_bytes()
    assert gpg("--decrypt", str(tmp_path / "sealed")) == TEXT
    listed = gpg("--list-keys", "--with-colons").decode().lower()
    assert recipient.shown.removeprefix("openpgp:") in listed


@needs_gpg
def test_an_openpgp_key_that_cannot_encrypt_is_refused_when_it_is_pasted(gpg: Gpg) -> None:
    assert "not for encrypting" in refusal(gpg.key("ed25519", "sign"))


@needs_gpg
def test_a_private_openpgp_key_is_refused_and_not_repeated(gpg: Gpg) -> None:
    gpg.key()
    pasted = gpg("--armor", "--export-secret-keys").decode()
    assert "private key" in refusal(pasted)


def test_a_private_age_key_is_refused_and_not_repeated() -> None:
    pasted = str(pyrage.x25519.Identity.generate())
    assert "private key" in refusal(pasted)
    assert pasted not in refusal(f"my key: {pasted.lower()}")


@pytest.mark.parametrize(
    "pasted",
    [
        *("age1", "age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t", "ssh-ed25519 AAAA", " "),
        "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nnonsense\n-----END PGP PUBLIC KEY BLOCK-----",
    ],
)
def test_what_is_no_key_is_refused_under_the_fields_name(pasted: str) -> None:
    assert refusal(pasted)


def test_an_age_key_is_named_by_itself_and_may_come_with_space_around_it() -> None:
    key = str(pyrage.x25519.Identity.generate().to_public())
    assert recipient_of(f" {key}\n") == (key, key)


def test_no_key_is_the_same_file_twice(plain: Path, tmp_path: Path) -> None:
    """Fresh randomness each time: two sealed files cannot be compared."""
    key = str(pyrage.x25519.Identity.generate().to_public())
    encrypt(plain, tmp_path / "one", key)
    encrypt(plain, tmp_path / "two", key)
    assert (tmp_path / "one").read_bytes() != (tmp_path / "two").read_bytes()


def refusal(pasted: str) -> str:
    with pytest.raises(Invalid) as caught:
        recipient_of(pasted)
    [complaint] = caught.value.errors
    assert complaint.field == "recipient"
    return complaint.message
