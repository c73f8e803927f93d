"""Encrypted files are decrypted by independent programs. An error never repeats the pasted key."""

import shutil
import subprocess
from pathlib import Path

import pyrage
import pytest

from chalicelib.core.errors import Invalid
from chalicelib.exports.lock import encrypt, recipient_of

TEXT = b"name\r\nAlice Achterberg\r\n" * 5_000
needs_age = pytest.mark.skipif(not shutil.which("age"), reason="no age on this machine")


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    path = tmp_path / "plain"
    path.write_bytes(TEXT)
    return path


@needs_age
def test_a_file_for_an_age_key_is_opened_by_age(plain: Path, tmp_path: Path) -> None:
    owner = pyrage.x25519.Identity.generate()
    (tmp_path / "key").write_text(str(owner))
    encrypt(plain, tmp_path / "encrypted", str(owner.to_public()))
    assert b"Alice" not in (tmp_path / "encrypted").read_bytes()
    command = ["age", "--decrypt", "-i", str(tmp_path / "key"), str(tmp_path / "encrypted")]
    assert subprocess.run(command, capture_output=True, check=True).stdout == TEXT


def test_a_private_age_key_is_refused_and_not_repeated() -> None:
    pasted = str(pyrage.x25519.Identity.generate())
    assert "private key" in refusal(pasted)
    assert pasted not in refusal(f"my key: {pasted.lower()}")


@pytest.mark.parametrize(
    "pasted",
    [
        *("age1", "age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t", "ssh-ed25519 AAAA", " "),
    ],
)
def test_an_invalid_key_is_an_error_of_the_recipient_field(pasted: str) -> None:
    assert refusal(pasted)


def test_an_age_key_is_shown_as_it_is_and_surrounding_spaces_are_ignored() -> None:
    key = str(pyrage.x25519.Identity.generate().to_public())
    assert recipient_of(f" {key}\n") == key


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
