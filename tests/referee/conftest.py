"""Start the policy engine and gather the requests of all handlers, once for each test process."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stack.referee.engine import Engine
from tests.faults import people_scenes
from tests.referee.evidence import Evidence, gather

_gathered: list[Evidence] = []


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    with Engine() as running:
        yield running


@pytest.fixture
def surroundings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with people_scenes.surroundings(monkeypatch):
        yield


@pytest.fixture
def evidence(request: pytest.FixtureRequest, tmp_path: Path) -> Evidence:
    if not _gathered:
        request.getfixturevalue("surroundings")
        _gathered.append(gather(request.getfixturevalue("fake_site"), tmp_path))
    return _gathered[0]
