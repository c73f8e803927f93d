"""Check each role's policy in packaged templates with the linter parliament. No finding is ignored.

Run it with the linters' own Python: `python -W ignore -m stack.lint.second_opinion TEMPLATE ...`. It prints one line
for each finding.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from parliament import analyze_policy_string, enhance_finding

from stack.judge.model import Where
from stack.judge.resolve import Resolver

_HERE = Where("us-east-1", "123456789012")
# A stream's ARN ends in a time. parliament reads the colons in the time as separators of the ARN, so replace the time.
_TIME_IN_STREAM_ARN = re.compile(r"(?<=/stream/)\d{4}-[\d:.T-]+")


def find_errors(template: dict[str, Any]) -> Iterator[str]:
    resolver = Resolver(template, {"Stage": "dev"}, _HERE)
    roles = {name: each for name, each in template["Resources"].items() if each["Type"] == "AWS::IAM::Role"}
    if not roles:  # Then the checks below would check nothing.
        yield "there is no role"
    for name, role in roles.items():
        for policy in role["Properties"]["Policies"]:
            for finding in _findings(resolver.value(policy["PolicyDocument"])):
                yield f"{name}: {finding}"


def _findings(policy: dict[str, Any]) -> Iterator[str]:
    text = _TIME_IN_STREAM_ARN.sub("time", json.dumps(policy))
    for bare_finding in analyze_policy_string(text).findings:
        finding = enhance_finding(bare_finding)  # This adds its title and description.
        yield f"parliament: {finding.title}: {finding.detail or finding.description}"  # Not every finding has a detail.


def _main() -> int:
    lines = []
    for path in map(Path, sys.argv[1:]):
        lines += [f"{path}: {error}" for error in find_errors(json.loads(path.read_text(encoding="utf-8")))]
    if lines:
        print(*lines, sep="\n", flush=True)
    return bool(lines)


if __name__ == "__main__":
    sys.exit(_main())
