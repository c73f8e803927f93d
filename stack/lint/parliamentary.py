"""Check an IAM policy with the linter parliament. No finding is ignored."""

import json
import re
from typing import Any

from parliament import analyze_policy_string, enhance_finding

# A stream's ARN ends in a time. parliament reads the colons in the time as separators of the ARN, so replace the time.
_TIME_IN_STREAM_ARN = re.compile(r"(?<=/stream/)\d{4}-[\d:.T-]+")


def findings(policy: dict[str, Any]) -> list[str]:
    text = _TIME_IN_STREAM_ARN.sub("time", json.dumps(policy))
    lines = []
    for bare_finding in analyze_policy_string(text).findings:
        finding = enhance_finding(bare_finding)  # This adds its title and description.
        problem = finding.detail or finding.description  # Not every finding has a detail.
        lines.append(f"parliament: {finding.title}: {problem}")
    return lines
