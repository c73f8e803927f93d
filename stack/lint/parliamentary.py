"""What parliament finds in a policy, less what stands for a reason."""

import json
import re
from typing import Any

from parliament import analyze_policy_string, enhance_finding

# What stands, as parliament reports it, each with its reason.
ACCEPTED = {
    ("RESOURCE_MISMATCH", "dynamodb:ListStreams"): (
        "AWS's list of actions gives it no resource, so strictly this allows nothing. Lambda documents that the role"
        " must have it for the stream it reads, and AWS's own SAM template, DynamoDBStreamReadPolicy, writes this ARN."
    ),
}
# A stream's ARN ends in a time, and parliament takes each colon of it for the next part of the ARN.
_STREAM_TIME = re.compile(r"(?<=/stream/)\d{4}-[\d:.T-]+")


def findings(policy: dict[str, Any]) -> list[str]:
    """One line for each finding that is not accepted."""
    text = _STREAM_TIME.sub("time", json.dumps(policy))
    return [
        f"parliament: {found.title}: {found.detail or found.description}"
        for found in map(enhance_finding, analyze_policy_string(text).findings)
        if not _is_accepted(found)
    ]


def _is_accepted(found: Any) -> bool:
    """A mismatch names the actions; all of them must be accepted."""
    details = found.detail if isinstance(found.detail, list) else []
    actions = {(found.issue, each.get("action")) for each in details}
    return bool(actions) and actions <= ACCEPTED.keys()
