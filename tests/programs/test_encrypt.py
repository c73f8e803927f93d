"""Encrypted files are decrypted by independent programs. An error never repeats the pasted key."""

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
    """GnuPG with its own home. The path must be short, because it contains a socket."""

    def __init__(self, home: str) -> None:
        self._home = home

    def __call__(self, *words: str) -> bytes:
        command = ["gpg", "--batch", "--homedir", self._home, "--pinentry-mode", "loopback", "--passphrase", "", *words]
        return subprocess.run(command, capture_output=True, check=True).stdout

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
    owner = pyrage.x25519.Identity.generate()
    (tmp_path / "key").write_text(str(owner))
    encrypt(plain, tmp_path / "encrypted", str(owner.to_public()))
    assert b"Alice" not in (tmp_path / "encrypted").read_bytes()
    command = ["age", "--decrypt", "-i", str(tmp_path / "key"), str(tmp_path / "encrypted")]
    assert subprocess.run(command, capture_output=True, check=True).stdout == TEXT


@needs_gpg
@pytest.mark.parametrize("kind", [("rsa3072", "sign,encrypt"), ("future-default", "default")], ids=str)
def test_a_file_for_an_openpgp_key_is_opened_by_gnupg(plain: Path, tmp_path: Path, gpg: Gpg, kind: list[str]) -> None:
    recipient = recipient_of(gpg.key(*kind))
    encrypt(plain, tmp_path / "encrypted", recipient.key)
    assert b"Alice" not in (tmp_path / "encrypted").read_bytes()
    assert gpg("--decrypt", str(tmp_path / "encrypted")) == TEXT
    listed = gpg("--list-keys", "--with-colons").decode().lower()
    assert recipient.shown.removeprefix("openpgp:") in listed


@needs_gpg
def test_an_openpgp_key_that_cannot_encrypt_is_refused_when_it_is_pasted(gpg: Gpg) -> None:
    assert "not for encryption" in refusal(gpg.key("ed25519", "sign"))


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
def test_an_invalid_key_is_an_error_of_the_recipient_field(pasted: str) -> None:
    assert refusal(pasted)


def test_an_age_key_is_shown_as_it_is_and_surrounding_spaces_are_ignored() -> None:
    key = str(pyrage.x25519.Identity.generate().to_public())
    assert recipient_of(f" {key}\n") == (key, key)


def test_encrypting_twice_gives_two_different_files(plain: Path, tmp_path: Path) -> None:
    """Each file has fresh randomness, so two encrypted files cannot be compared."""
    key = str(pyrage.x25519.Identity.generate().to_public())
    encrypt(plain, tmp_path / "one", key)
    encrypt(plain, tmp_path / "two", key)
    assert (tmp_path / "one").read_bytes() != (tmp_path / "two").read_bytes()


def refusal(pasted: str) -> str:
    with pytest.raises(Invalid) as caught:
        recipient_of(pasted)
    [error] = caught.value.errors
    assert error.field == "recipient"
    return error.message
