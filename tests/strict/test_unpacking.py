"""Packages are unpacked once, into a folder that all emulators share."""

import io
import os
import time
import zipfile
from pathlib import Path

import pytest

from stack.strict import unpacking

WEEK = 7 * 24 * 3_600


def package(content: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("handler.py", content)
    return file.getvalue()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(unpacking, "_FOLDER", tmp_path / "unpacked")
    return tmp_path / "unpacked"


def set_last_use(package_folder: Path, seconds_ago: float) -> None:
    then = time.time() - seconds_ago
    os.utime(package_folder, (then, then))


def test_a_package_is_unpacked_once(folder: Path) -> None:
    first = unpacking.unpack(package("one"))
    (first / "handler.py").write_text("as it was left", encoding="utf-8")
    assert unpacking.unpack(package("one")) == first
    assert (first / "handler.py").read_text(encoding="utf-8") == "as it was left"
    assert list(folder.iterdir()) == [first], "no temporary folder stays"


def test_a_new_package_removes_packages_that_were_unused_for_a_week() -> None:
    old, recent = unpacking.unpack(package("old")), unpacking.unpack(package("recent"))
    set_last_use(old, WEEK + 60)
    set_last_use(recent, WEEK - 60)
    new = unpacking.unpack(package("new"))
    assert [path.exists() for path in (old, recent, new)] == [False, True, True]


def test_a_package_that_is_used_again_stays() -> None:
    used = unpacking.unpack(package("used"))
    set_last_use(used, WEEK + 60)
    unpacking.unpack(package("used"))
    unpacking.unpack(package("new"))
    assert used.exists()
