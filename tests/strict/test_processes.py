"""A forking process starts the processes of functions."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack.strict import processes

pytestmark = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="only Linux has descriptors of processes")


@pytest.fixture
def code_folder(tmp_path: Path) -> Iterator[str]:
    folder = os.path.realpath(tmp_path)
    yield folder
    forker = processes._forkers.pop(folder, None)
    if forker:
        forker.close()


def start_process(code_folder: str) -> processes.Process:
    return processes.start("python", cwd=code_folder, env={})


def stop(process: processes.Process) -> None:
    process.kill()
    process.wait(10)
    process.stderr.close()


def test_a_process_runs_until_it_is_killed(code_folder: str) -> None:
    process = start_process(code_folder)
    assert process.poll() is None
    stop(process)
    assert process.poll() == 0


def test_after_the_forking_process_has_ended_one_start_fails_and_the_next_works(code_folder: str) -> None:
    stop(start_process(code_folder))
    processes._forkers[code_folder].close()
    with pytest.raises(RuntimeError, match="has ended"):
        start_process(code_folder)
    process = start_process(code_folder)
    assert process.poll() is None
    stop(process)
