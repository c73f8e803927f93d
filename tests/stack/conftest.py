"""Fixtures: the built package, an emulator, and a project without code."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stack.local.emulator import EmulatorProcess, empty_emulator
from stack.package import Package, package
from stack.paths import ROOT


@pytest.fixture(scope="session")
def local_package() -> Package:
    """This project's package for stage local."""
    return package("local")


@pytest.fixture(scope="session")
def running_emulator() -> Iterator[EmulatorProcess]:
    """An emulator for the tests of deployments. Each test uses stages of its own."""
    with empty_emulator() as started:
        yield started


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with this project's declarations and no code."""
    (tmp_path / ".chalice").mkdir()
    for source in (ROOT / ".chalice").glob("*.json"):
        (tmp_path / ".chalice" / source.name).write_bytes(source.read_bytes())
    return tmp_path
