"""`make warm` on the emulator shows its plan, changes nothing without a yes, and undoes what can be undone.

The emulator does not store warm throughput. tests/warm covers it with answers shaped by botocore's models.
"""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from benchmarks.model.needs import needs
from stack.attach import STAGE, Deployed, deploy_to_emulator
from stack.aws import Cloud
from stack.emulator import emulator
from stack.manage import settings
from stack.paths import ROOT
from stack.ready.forecast import service_times


@pytest.fixture(scope="module")
def stack() -> Iterator[Deployed]:
    """A stack in an account with 1,000 executions, as on AWS. The usual emulator has too few to reserve any."""
    with emulator(functions=1_000) as running:
        yield deploy_to_emulator(running.endpoint)


def warm(stack: Deployed, *more_options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    options = ["--stage", STAGE, "--expect", "1000/s", "--for", "1h", *more_options]
    return subprocess.run(
        [sys.executable, "-m", "stack.warm", *options],
        env={**settings(stack), **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )


def reserved_concurrency(stack: Deployed) -> dict[str, int | None]:
    client = Cloud(stack.endpoint).client("lambda")
    names = ("StaffAuthorizer", "RelayMail", "StoreOverflow")
    answers = {name: client.get_function_concurrency(FunctionName=stack.outputs[f"{name}Name"]) for name in names}
    return {name: answer.get("ReservedConcurrentExecutions") for name, answer in answers.items()}


def test_make_warm_shows_its_plan_changes_nothing_without_a_yes_and_undoes_what_it_can(stack: Deployed) -> None:
    none_reserved = dict.fromkeys(("StaffAuthorizer", "RelayMail", "StoreOverflow"))
    refused = warm(stack)
    assert refused.returncode == 1
    assert "not changed: warm throughput: the table's value could not be read" in refused.stdout
    assert "In all $0.00 once" in refused.stdout
    assert "set YES=1" in refused.stderr
    assert reserved_concurrency(stack) == none_reserved

    changed = warm(stack, YES="1")
    assert (changed.returncode, changed.stderr) == (0, "")
    storers = needs(1_000, service_times()).storers
    assert reserved_concurrency(stack) == {"StaffAuthorizer": 20, "RelayMail": 32, "StoreOverflow": storers}

    undone = warm(stack, "--revert")
    assert (undone.returncode, undone.stderr) == (0, "")
    assert undone.stdout.count("undone: reserved concurrency") == 4
    assert reserved_concurrency(stack) == none_reserved
    assert "Nothing to undo" in warm(stack, "--revert").stdout
