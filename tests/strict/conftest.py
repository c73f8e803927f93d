"""The strict emulator and its clients."""

import io
import zipfile
from collections.abc import Iterator

import pytest

from stack.aws import Cloud
from stack.emulator import Emulator, emulator


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        uses_emulator = "strict_emulator" in getattr(item, "fixturenames", ())
        if uses_emulator and item.nodeid.startswith("tests/strict/"):
            item.add_marker(pytest.mark.stack)
            item.add_marker(pytest.mark.xdist_group("strict"))


@pytest.fixture(scope="session")
def strict_emulator() -> Iterator[Emulator]:
    with emulator() as started:
        yield started


@pytest.fixture(scope="session")
def cloud(strict_emulator: Emulator) -> Cloud:
    """Clients of the deployer."""
    return Cloud(strict_emulator.endpoint)


def create_function(cloud: Cloud, name: str, code: str, role: str = "arn:aws:iam::000000000000:role/none") -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("index.py", code)
    cloud.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.11",
        Role=role,
        Handler="index.handler",
        Code={"ZipFile": content.getvalue()},
    )
