"""Check packaged templates with moto's CloudFormation and IAM, and each role's policy with parliament.

Run it with the linters' own Python: `python -W ignore -m stack.lint.second_opinion TEMPLATE ...`. It prints one line
for each finding.
"""

import json
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from stack.lint.moto_stack import create_stack, find_refused_policies, transform
from stack.lint.parliamentary import findings


def find_errors(template: Path) -> Iterator[str]:
    try:
        content = json.loads(template.read_text(encoding="utf-8"))
        policies = create_stack(transform(content))
    except Exception as error:  # A template error may raise any exception in moto or in the transform.
        yield f"moto does not create the stack: {type(error).__name__}: {error}"
        return
    if not policies:  # Then the checks below would check nothing.
        yield "no role has a policy"
    yield from find_refused_policies(policies)
    for role, policy in policies.items():
        for finding in findings(policy):
            yield f"{role}: {finding}"


def _main() -> int:
    os.environ |= {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    # Hide moto's warnings about resource types that it does not know: alarms, secrets, SES, queue and topic policies.
    logging.disable(logging.CRITICAL)
    lines = []
    for name in sys.argv[1:]:
        template = Path(name)
        lines += [f"{template}: {error}" for error in find_errors(template)]
    if not lines:
        return 0
    print(*lines, sep="\n", flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(_main())
