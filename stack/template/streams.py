"""The functions that read the stream of the signatures table. A table may have two readers."""

import json
from typing import Any

from stack.template.alarms import alarm
from stack.template.cfn import Template, get, merge_parts
from stack.template.functions import event_source, logical_id, of_function, properties

_EXISTS = {"exists": True}
_NOT_PENDING = {"anything-but": ["pending"]}
# "exists" works on leaves only, and a letter is a map.
_LETTER = {"state": {"S": ["confirmed"]}, "letter": {"M": {"version": {"S": [_EXISTS]}}}}
_LETTER_CONFIRMED = {"dynamodb": {"OldImage": {"state": {"S": ["pending"]}}, "NewImage": _LETTER}}
_OFFERED = {"state": {"S": ["confirmed"]}, "letter_asked": {"M": {"version": {"S": [_EXISTS]}}}}
_LETTER_ADDED = {"dynamodb": {"OldImage": _OFFERED, "NewImage": _LETTER}}
_NO_LONGER = {"state": {"S": [{"anything-but": ["confirmed"]}]}}
_LETTER_WITHDRAWN = {"dynamodb": {"OldImage": _LETTER, "NewImage": _NO_LONGER}}


def streams() -> Template:
    # A filter's patterns are alternatives; Lambda allows five. The relay reads email requests, confirmations with a
    # letter, letters that are added later, and withdrawals with a letter. Projections count a new and a removed
    # signature, a sent and an undeliverable email, and a change from or to another state.
    relayed = [_image("NewImage", "mail_kind", _EXISTS), _LETTER_CONFIRMED, _LETTER_ADDED, _LETTER_WITHDRAWN]
    projected = [
        {"eventName": ["INSERT", "REMOVE"]},
        _image("NewImage", "mailed_at", _EXISTS),
        _image("NewImage", "undeliverable", _EXISTS),
        _image("NewImage", "state", _NOT_PENDING),
        _image("OldImage", "state", _NOT_PENDING),
    ]
    return merge_parts(
        [
            reader("relay_mail", lanes=4, patterns=relayed),
            reader("project_signatures", lanes=1, patterns=projected),
        ]
    )


def _image(image: str, attribute: str, rule: Any) -> Template:
    return {"dynamodb": {image: {attribute: {"S": [rule]}}}}


def reader(function: str, *, lanes: int, patterns: list[Template]) -> Template:
    """Return a reader of the stream, with the alarm for its lag. `lanes`: how many batches of a shard run at once."""
    name = logical_id(function)
    source = {
        "Stream": get("SignaturesTable", "StreamArn"),
        # Chalice's default, LATEST, can miss changes.
        "StartingPosition": "TRIM_HORIZON",
        "BisectBatchOnFunctionError": True,
        "MaximumRetryAttempts": 20,
        "MaximumRecordAgeInSeconds": 12 * 3600,
        "ParallelizationFactor": lanes,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "DestinationConfig": {"OnFailure": {"Type": "SQS", "Destination": get("StreamDeadLetterQueue")}},
        "FilterCriteria": {"Filters": [{"Pattern": json.dumps(pattern)} for pattern in patterns]},
    }
    lag = alarm(
        f"{name} is ten minutes behind the signatures.",
        of_function("IteratorAge", function),
        "Maximum",
        Threshold=10 * 60 * 1000,
        EvaluationPeriods=2,
    )
    event = properties(function, Events={event_source(function, "Dynamodb"): {"Properties": source}})
    return merge_parts([event, {"Resources": {f"{name}LagAlarm": lag}}])
