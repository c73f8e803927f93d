"""The processes of functions come from a process that forks them."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack.strict import processes

pytestmark = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="only Linux has descriptors of processes")


@pytest.fixture
def code(tmp_path: Path) -> Iterator[str]:
    yield os.path.realpath(tmp_path)
    forker = processes._forkers.pop(os.path.realpath(tmp_path), None)
    if forker:
        forker.close()


def start_process(code: str) -> processes.Process:
    return processes.start("python", cwd=code, env={})


def stop(process: processes.Process) -> None:
    process.kill()
    process.wait(10)
    process.stderr.close()


def test_a_process_runs_until_it_is_killed(code: str) -> None:
    process = start_process(code)
    assert process.poll() is None
    stop(process)
    assert process.poll() == 0


def test_after_the_end_of_the_forking_process_the_next_start_fails_and_the_one_after_it_works(code: str) -> None:
    stop(start_process(code))
    processes._forkers[code].close()
    with pytest.raises(RuntimeError, match="has ended"):
        start_process(code)
    process = start_process(code)
    assert process.poll() is None
    stop(process)
