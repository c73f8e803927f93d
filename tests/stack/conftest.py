"""Fixtures: the built package, its template, an emulator, and a project without code."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stack.attach import Deployed, deploy_to_emulator
from stack.aws import Cloud
from stack.emulator import Emulator, emulator
from stack.manage import load_petitions
from stack.package import Package, package
from stack.paths import BUILD, ROOT
from tests.stack.powers import shorten_visibility_timeouts

Template = dict[str, Any]


@pytest.fixture(scope="session")
def local_package() -> Package:
    """This project's package for stage local."""
    return package("local", ROOT, BUILD)


@pytest.fixture(scope="module")
def template(local_package: Package) -> Template:
    """The merged template of the package."""
    return local_package.read_template()


def of_type(template: Template, kind: str) -> dict[str, Any]:
    """Return the properties of each resource of a type, by logical name."""
    resources = template["Resources"].items()
    return {name: resource["Properties"] for name, resource in resources if resource["Type"] == kind}


@pytest.fixture(scope="session")
def running_emulator() -> Iterator[Emulator]:
    """An emulator for the tests of deployments. Each test uses stages of its own."""
    with emulator() as started:
        yield started


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with this project's declarations and no code."""
    (tmp_path / ".chalice").mkdir()
    for source in (ROOT / ".chalice").glob("*.json"):
        (tmp_path / ".chalice" / source.name).write_bytes(source.read_bytes())
    return tmp_path


@pytest.fixture(scope="session")
def stack(local_package: Package) -> Iterator[Deployed]:
    """A deployed stack with short visibility timeouts, for the tests of its functions' roles."""
    with emulator() as running_emulator:
        started = deploy_to_emulator(running_emulator.endpoint)
        load_petitions(started)
        shorten_visibility_timeouts(Cloud(running_emulator.endpoint), started, 5)
        yield started
