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
    """Yield a line for each error in a packaged template."""
    try:
        policies = create_stack(transform(json.loads(template.read_text(encoding="utf-8"))))
    except Exception as error:  # A template error may raise any exception in moto or in the transform.
        yield f"moto does not create the stack: {type(error).__name__}: {error}"
        return
    if not policies:
        yield "no role has a policy"
    yield from find_refused_policies(policies)
    for role, policy in policies.items():
        yield from (f"{role}: {finding}" for finding in findings(policy))


def _main() -> int:
    os.environ |= {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    # Hide moto's warnings about resource types that it does not know: alarms, secrets, SES, queue and topic policies.
    logging.disable(logging.CRITICAL)
    lines = [f"{template}: {line}" for template in map(Path, sys.argv[1:]) for line in find_errors(template)]
    print(*lines, sep="\n", end="\n" if lines else "", flush=True)
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(_main())
