"""Check a policy with parliament. No finding is ignored."""

import json
import re
from typing import Any

from parliament import analyze_policy_string, enhance_finding

# A stream's ARN ends in a time, and parliament takes the colons of the time for separators of the ARN.
_STREAM_TIME = re.compile(r"(?<=/stream/)\d{4}-[\d:.T-]+")


def findings(policy: dict[str, Any]) -> list[str]:
    """Return one line for each finding."""
    text = _STREAM_TIME.sub("time", json.dumps(policy))
    return [
        f"parliament: {found.title}: {found.detail or found.description}"
        for found in map(enhance_finding, analyze_policy_string(text).findings)
    ]
