"""parliament accepts each role's policy in the packaged template, and reports each fault in a copy of it.

The emulator deploys each of these faults without an error (docs/decisions/024).
"""

import json
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from stack.package import package
from stack.paths import BUILD, ROOT

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("build")]

Template = dict[str, Any]
# The linters' interpreter: checkov pins many packages.
LINT_PYTHON = ROOT / ".venv-lint" / "bin" / "python"

MARK_QUEUED = "dynamodb:UpdateItem"
QUEUE_MAIL = "sqs:SendMessage"


def statement(template: Template, action: str) -> dict[str, Any]:
    """Return the first statement of the sweep's role with this action."""
    policy = template["Resources"]["CheckMailRole"]["Properties"]["Policies"][0]["PolicyDocument"]
    statements: list[dict[str, Any]] = policy["Statement"]
    return next(each for each in statements if action in each["Action"])


def no_fault(template: Template) -> None:
    """The unchanged template."""


def unknown_action(template: Template) -> None:
    statement(template, MARK_QUEUED)["Action"] = ["dynamodb:UpdateItems"]


def resource_of_another_service(template: Template) -> None:
    statement(template, QUEUE_MAIL)["Resource"] = {"Fn::GetAtt": ["SignaturesTable", "Arn"]}


def unknown_condition_key(template: Template) -> None:
    statement(template, MARK_QUEUED)["Condition"] = {"ForAllValues:StringEquals": {"dynamodb:LeadingKey": ["MAIL"]}}


FAULTS: dict[Callable[[Template], None], str] = {
    unknown_action: "UpdateItems",
    resource_of_another_service: "sqs:SendMessage",
    unknown_condition_key: "dynamodb:LeadingKey",
}


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The findings for the template and each faulty copy, from one run. Each line starts with the fault's name."""
    folder = tmp_path_factory.mktemp("templates")
    text = package("lint", ROOT, BUILD).template.read_text()
    for fault in (no_fault, *FAULTS):
        template = json.loads(text)
        fault(template)
        (folder / fault.__name__).write_text(json.dumps(template))
    linter = run_linter(sorted(folder.iterdir()))
    assert linter.stderr == ""
    assert linter.returncode == 1
    return [line.removeprefix(f"{folder}/") for line in linter.stdout.splitlines()]


def run_linter(templates: Iterable[Path]) -> subprocess.CompletedProcess[str]:
    paths = [str(path) for path in templates]
    command = [str(LINT_PYTHON), "-W", "ignore", "-m", "stack.lint.second_opinion", *paths]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_template_is_accepted(output: list[str]) -> None:
    assert [line for line in output if line.startswith("no_fault:")] == []


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_each_fault_is_a_finding(output: list[str], fault: Callable[[Template], None]) -> None:
    findings = [line for line in output if line.startswith(f"{fault.__name__}:")]
    assert FAULTS[fault] in "\n".join(findings)


def test_a_template_without_roles_is_a_finding(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_text('{"Parameters": {}, "Resources": {}}')
    assert run_linter([empty]).returncode == 1
