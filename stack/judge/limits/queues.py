"""SQS: check durations and the names of queue attributes, which the emulator does not check.

Source: the API reference of each operation.
"""

from collections.abc import Mapping
from typing import Any

from stack.judge.answers import Refused

_MAX_SECONDS = {"DelaySeconds": 900, "VisibilityTimeout": 12 * 3600, "WaitTimeSeconds": 20}
_ATTRIBUTE_NAMES = {
    "All",
    "Policy",
    "VisibilityTimeout",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
    "QueueArn",
    "DelaySeconds",
    "ReceiveMessageWaitTimeSeconds",
    "RedrivePolicy",
    "RedriveAllowPolicy",
    "KmsMasterKeyId",
    "KmsDataKeyReusePeriodSeconds",
    "SqsManagedSseEnabled",
}


def check(operation: str, params: Mapping[str, Any]) -> None:
    for part in (params, *params.get("Entries", ())):
        for name, maximum in _MAX_SECONDS.items():
            seconds = int(part.get(name, 0))
            if not 0 <= seconds <= maximum:
                reason = f"Reason: Must be between 0 and {maximum}, if provided."
                raise Refused("InvalidParameterValue", f"Value {part[name]} for parameter {name} is invalid. {reason}")
    if operation == "GetQueueAttributes":
        unknown = set(params.get("AttributeNames", ())) - _ATTRIBUTE_NAMES
        if unknown:
            raise Refused("InvalidAttributeName", f"Unknown Attribute {unknown.pop()}.")
