"""The functions that read the stream of the signatures table. A table may have two readers."""

import json
from typing import Any

from stack.template.alarms import alarm
from stack.template.cfn import Template, get_att, merge_parts
from stack.template.functions import event_source, function_measure, function_properties, logical_id

_EXISTS = {"exists": True}
_NOT_PENDING = {"anything-but": ["pending"]}
# "exists" works on leaves only, and a letter is a map.
_LETTER = {"state": {"S": ["confirmed"]}, "letter": {"M": {"version": {"S": [_EXISTS]}}}}
_LETTER_CONFIRMED = {"dynamodb": {"OldImage": {"state": {"S": ["pending"]}}, "NewImage": _LETTER}}
_WITHOUT_LETTER_YET = {"state": {"S": ["confirmed"]}, "letter_asked": {"M": {"version": {"S": [_EXISTS]}}}}
_LETTER_ADDED = {"dynamodb": {"OldImage": _WITHOUT_LETTER_YET, "NewImage": _LETTER}}
_NOT_CONFIRMED = {"state": {"S": [{"anything-but": ["confirmed"]}]}}
_LETTER_WITHDRAWN = {"dynamodb": {"OldImage": _LETTER, "NewImage": _NOT_CONFIRMED}}


def streams() -> Template:
    # A record passes if one pattern matches; Lambda allows five. The relay reads email requests, confirmations with a
    # letter, letters that are added later, and withdrawals with a letter. Projections count new and removed signatures,
    # sent and undeliverable emails, and changes from or to a state other than pending.
    relay_patterns = [
        _image_pattern("NewImage", "mail_kind", _EXISTS),
        _LETTER_CONFIRMED,
        _LETTER_ADDED,
        _LETTER_WITHDRAWN,
    ]
    projection_patterns = [
        {"eventName": ["INSERT", "REMOVE"]},
        _image_pattern("NewImage", "mailed_at", _EXISTS),
        _image_pattern("NewImage", "undeliverable", _EXISTS),
        _image_pattern("NewImage", "state", _NOT_PENDING),
        _image_pattern("OldImage", "state", _NOT_PENDING),
    ]
    return merge_parts(
        [
            stream_reader("relay_mail", parallelization_factor=4, patterns=relay_patterns),
            stream_reader("project_signatures", parallelization_factor=1, patterns=projection_patterns),
        ]
    )


def _image_pattern(image: str, attribute: str, rule: Any) -> Template:
    return {"dynamodb": {image: {attribute: {"S": [rule]}}}}


def stream_reader(function: str, *, parallelization_factor: int, patterns: list[Template]) -> Template:
    """Return a reader of the stream, with the alarm for its lag.

    `parallelization_factor`: how many batches of a shard Lambda processes at the same time.
    """
    name = logical_id(function)
    source = {
        "Stream": get_att("SignaturesTable", "StreamArn"),
        # Chalice's default, LATEST, can miss changes.
        "StartingPosition": "TRIM_HORIZON",
        "BisectBatchOnFunctionError": True,
        "MaximumRetryAttempts": 20,
        "MaximumRecordAgeInSeconds": 12 * 3600,
        "ParallelizationFactor": parallelization_factor,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "DestinationConfig": {"OnFailure": {"Type": "SQS", "Destination": get_att("StreamDeadLetterQueue")}},
        "FilterCriteria": {"Filters": [{"Pattern": json.dumps(pattern)} for pattern in patterns]},
    }
    lag = alarm(
        f"{name} is ten minutes behind the signatures.",
        function_measure("IteratorAge", function),
        "Maximum",
        Threshold=10 * 60 * 1000,
        EvaluationPeriods=2,
    )
    event = function_properties(function, Events={event_source(function, "Dynamodb"): {"Properties": source}})
    return merge_parts([event, {"Resources": {f"{name}LagAlarm": lag}}])
