"""Fixtures: the built package, its template, an emulator, and a project without code."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stack.local.emulator import EmulatorProcess, empty_emulator
from stack.package import Package, package
from stack.paths import ROOT

Template = dict[str, Any]


@pytest.fixture(scope="session")
def local_package() -> Package:
    """This project's package for stage local."""
    return package("local")


@pytest.fixture(scope="module")
def template(local_package: Package) -> Template:
    """The merged template of the package."""
    return local_package.read_template()


def of_type(template: Template, kind: str) -> dict[str, Any]:
    """Return the properties of each resource of a type, by logical name."""
    resources = template["Resources"].items()
    return {name: resource["Properties"] for name, resource in resources if resource["Type"] == kind}


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
