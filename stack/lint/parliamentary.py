"""What parliament finds in a policy. Nothing is accepted."""

import json
import re
from typing import Any

from parliament import analyze_policy_string, enhance_finding

# A stream's ARN ends in a time, and parliament takes each colon of it for the next part of the ARN.
_STREAM_TIME = re.compile(r"(?<=/stream/)\d{4}-[\d:.T-]+")


def findings(policy: dict[str, Any]) -> list[str]:
    """One line for each finding."""
    text = _STREAM_TIME.sub("time", json.dumps(policy))
    return [
        f"parliament: {found.title}: {found.detail or found.description}"
        for found in map(enhance_finding, analyze_policy_string(text).findings)
    ]
