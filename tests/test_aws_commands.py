"""The `aws` commands on the pages: the AWS CLI parses them, what they change is undone, the policy allows them."""

import json
import re
from fnmatch import fnmatchcase

import pytest

from chalicelib.edge.routes import all_routes
from stack.paths import ROOT

DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
PATCH = re.compile(r"op=replace,path=(.+?),value=([\w-]+)")
# The service in IAM's actions, where it differs from the CLI's name.
IAM_SERVICE = {"sesv2": "ses"}


def patches(page: str) -> list[tuple[str, str]]:
    """Return path and value of each patch operation of API Gateway on the page, in the CLI's shorthand."""
    return PATCH.findall((DOCS / page).read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_path_with_braces_is_quoted_for_the_shorthand(page: str) -> None:
    """Without the double quotes, the AWS CLI says: Expected: ',', received: '}'."""
    paths_with_braces = [path for path, _ in patches(page) if "{" in path]
    for path in paths_with_braces:
        assert re.fullmatch(r'"[^"]+"', path), path


def test_each_throttle_that_a_check_sets_to_0_is_set_back_to_the_routes_throttle() -> None:
    """A deployment does not see a stage that was changed by hand (docs/aws-facts.md)."""
    limits = [(path, value) for path, value in patches("aws-facts.md") if path.endswith('/throttling/rateLimit"')]
    rates = {(route.path, route.method): str(route.throttle.rate) for route in all_routes().values()}
    stopped = [path for path, value in limits if value == "0"]
    assert len(set(stopped)) == 2
    set_back = [(path, value) for path, value in limits if value != "0"]
    assert set_back == [(path, rates[route_of(path)]) for path in stopped]


def route_of(patch_path: str) -> tuple[str, str]:
    """Return path and method in the path of a patch operation: "/~1petitions~1{slug}/GET/throttling/rateLimit"."""
    escaped, method, *_ = patch_path.strip('"/').split("/")
    return escaped.replace("~1", "/"), method


def test_the_engineer_on_call_may_run_every_aws_command_of_the_runbook() -> None:
    """But for the section that needs an administrator."""
    page = (DOCS / "runbook.md").read_text(encoding="utf-8")
    before, _, section = page.partition("## The stack is gone")
    _, _, after = section.partition("\n## ")
    commands = re.findall(r"\baws ([a-z0-9]+) ([a-z]+(?:-[a-z]+)+)", before + after)
    needed = set()
    for service, operation in commands:
        iam_service = IAM_SERVICE.get(service, service)
        iam_operation = operation.title().replace("-", "")
        needed.add(f"{iam_service}:{iam_operation}")
    assert {"sqs:StartMessageMoveTask", "dynamodb:DeleteItem", "dynamodb:RestoreTableFromBackup"} <= needed
    policy = json.loads((DOCS / "manage-policy.json").read_text(encoding="utf-8"))
    granted = [action for statement in policy["Statement"] for action in statement["Action"]]
    for action in sorted(needed):
        assert any(fnmatchcase(action, pattern) for pattern in granted), action
