"""A project of one file, so that the tooling is tested by itself, and a fresh emulator with it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stack.emulator import Emulator, emulator
from stack.package import Package, package
from stack.paths import BUILD, ROOT

Template = dict[str, Any]


@pytest.fixture(scope="session")
def built() -> Package:
    """The package of this project, as it would be deployed locally."""
    return package("local", ROOT, BUILD)


@pytest.fixture(scope="module")
def template(built: Package) -> Template:
    """The merged template, as it goes to AWS."""
    return built.read_template()


def of_type(template: Template, kind: str) -> dict[str, Any]:
    """Properties by logical name."""
    return {name: each["Properties"] for name, each in template["Resources"].items() if each["Type"] == kind}


@pytest.fixture(scope="module")
def running() -> Iterator[Emulator]:
    """An emulator of this module's own, empty."""
    with emulator() as started:
        yield started


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the declarations of this project and no code yet."""
    (tmp_path / ".chalice").mkdir()
    for source in (ROOT / ".chalice").glob("*.json"):
        (tmp_path / ".chalice" / source.name).write_bytes(source.read_bytes())
    return tmp_path
