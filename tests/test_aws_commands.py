"""The `aws` commands on the pages: the AWS CLI parses them, what they change is undone, the policy allows them."""

import json
import re
from fnmatch import fnmatchcase

from stack.paths import ROOT

DOCS = ROOT / "docs"
# The service in IAM's actions, where it differs from the CLI's name.
IAM_SERVICE = {"sesv2": "ses"}


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
