"""The policy engine, the requests of all handlers, and judged clients that reach nothing."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config

from stack.judge.install import install, uninstall
from stack.judge.judge import Judge
from tests.aws.stubbed import a_client
from tests.faults import staff_scenes
from tests.judge.evidence import Evidence, gather

_gathered: list[Evidence] = []


@pytest.fixture
def surroundings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with staff_scenes.surroundings(monkeypatch):
        yield


@pytest.fixture
def evidence(request: pytest.FixtureRequest, tmp_path: Path) -> Evidence:
    if not _gathered:
        request.getfixturevalue("surroundings")
        _gathered.append(gather(request.getfixturevalue("fake_site"), tmp_path))
    return _gathered[0]


@pytest.fixture
def judge() -> Iterator[Judge]:
    """An installed judge."""
    judge = Judge()
    install(judge)
    yield judge
    uninstall()


@pytest.fixture
def lenient_judge(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> Judge:
    """An installed judge for which every role allows everything."""
    monkeypatch.setattr(Judge, "check_role", lambda *_: None)
    return judge


@cache
def client_to_nowhere(service: str, attempts: int = 1) -> Any:
    """Return a judged client whose requests arrive nowhere. It does not check parameters, as AWS would."""
    retries: Any = {"mode": "standard", "total_max_attempts": attempts}
    config = Config(parameter_validation=False, retries=retries, connect_timeout=1)
    return a_client(service, config, "us-east-1", endpoint_url="http://127.0.0.1:1")
