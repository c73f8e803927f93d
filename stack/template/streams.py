"""The two functions that read the stream of the signatures table: the records of all changes of signatures.

`relay_mail` queues the emails and letters that a change requests. A letter is an email from the signer to a target of
the petition, such as a member of parliament. `project_signatures` updates the number of pending signatures, the
counts by constituency, postcode area and text version, and the funnel: how many people reached each step. Each function
gets only the records that match one of its patterns. A stream should have at most two readers.
"""

import json
from typing import Any

from stack.template.cfn import Template, get_att, if_condition, merge_parts, ref
from stack.template.functions import event_source, function_properties
from stack.template.parameters import is_set, text

_EXISTS = {"exists": True}
_NOT_PENDING = {"anything-but": ["pending"]}
# Patterns of records and of their parts. OldImage is the signature before the change, and NewImage is the signature
# after it. A pattern cannot test whether a map exists. A letter is a map, so the patterns test whether its version
# exists. `letter_asked` is a letter that is sent only if the signature's owner agrees (signatures/letter_page.py).
_CONFIRMED_WITH_LETTER = {"state": {"S": ["confirmed"]}, "letter": {"M": {"version": {"S": [_EXISTS]}}}}
_LETTER_CONFIRMED = {"dynamodb": {"OldImage": {"state": {"S": ["pending"]}}, "NewImage": _CONFIRMED_WITH_LETTER}}
_CONFIRMED_WITH_LETTER_ASKED = {"state": {"S": ["confirmed"]}, "letter_asked": {"M": {"version": {"S": [_EXISTS]}}}}
_LETTER_ADDED = {"dynamodb": {"OldImage": _CONFIRMED_WITH_LETTER_ASKED, "NewImage": _CONFIRMED_WITH_LETTER}}
_NOT_CONFIRMED = {"state": {"S": [{"anything-but": ["confirmed"]}]}}
_LETTER_WITHDRAWN = {"dynamodb": {"OldImage": _CONFIRMED_WITH_LETTER, "NewImage": _NOT_CONFIRMED}}
# CloudFormation does not learn that a table was restored by hand, so it does not know the new stream (docs/runbook.md).
_RESTORED_STREAM: Template = {
    "Parameters": {
        "SignaturesStreamArn": text(
            "Stream of the signatures table, if the table was restored by hand. Empty: the stream that the table had"
            " when CloudFormation created it.",
            pattern=r"(arn:[a-z-]+:dynamodb:[a-z0-9-]+:\d{12}:table/[A-Za-z0-9_.-]+/stream/[0-9T:.-]+)?",
        )
    },
    "Conditions": {"HasSignaturesStream": is_set("SignaturesStreamArn")},
}


def streams() -> Template:
    # A reader gets a record if one of its patterns matches. Lambda allows five patterns for each reader.
    # relay_mail needs requests for email, confirmations of signatures with a letter, letters that are added after the
    # confirmation, and withdrawals of signatures with a letter.
    relay_patterns = [
        _image_pattern("NewImage", "mail_kind", _EXISTS),
        _LETTER_CONFIRMED,
        _LETTER_ADDED,
        _LETTER_WITHDRAWN,
    ]
    # project_signatures needs new and removed signatures, emails that were sent or cannot be delivered, and changes of
    # signatures whose old or new state is not pending.
    projection_patterns = [
        {"eventName": ["INSERT", "REMOVE"]},
        _image_pattern("NewImage", "mailed_at", _EXISTS),
        _image_pattern("NewImage", "undeliverable", _EXISTS),
        _image_pattern("NewImage", "state", _NOT_PENDING),
        _image_pattern("OldImage", "state", _NOT_PENDING),
    ]
    return merge_parts(
        [
            _RESTORED_STREAM,
            stream_reader("relay_mail", relay_patterns, BatchSize=100, ParallelizationFactor=4),
            # A batch has one write for each counter item, so larger batches need fewer writes. But if one change fails,
            # the function handles all changes of the batch again, one by one. So a batch is small enough to be written
            # twice within the timeout. A change is in about three items (current numbers, funnel, constituency). So
            # 500 changes need at most about 1,500 writes each time.
            stream_reader(
                "project_signatures",
                projection_patterns,
                BatchSize=500,
                MaximumBatchingWindowInSeconds=2,
                ParallelizationFactor=1,  # With more, changes could arrive out of order (docs/decisions, 005).
            ),
        ]
    )


def _image_pattern(image: str, attribute: str, rule: Any) -> Template:
    return {"dynamodb": {image: {attribute: {"S": [rule]}}}}


def stream_reader(function: str, patterns: list[Template], **reading: int) -> Template:
    """Return the event source of a function that reads the stream.

    `reading`: CloudFormation's properties for the size of batches, the seconds in which a batch is gathered, and the
    number of batches of a shard that Lambda processes at the same time.
    """
    source = {
        "Stream": if_condition(
            "HasSignaturesStream", ref("SignaturesStreamArn"), get_att("SignaturesTable", "StreamArn")
        ),
        # Chalice's default, LATEST, can miss the changes that happen while the event source is created.
        "StartingPosition": "TRIM_HORIZON",
        "BisectBatchOnFunctionError": True,
        "MaximumRetryAttempts": 20,
        # Lambda drops older records, although DynamoDB keeps a record for 24 hours. So even a change of 23:59 is
        # counted by about noon of the next day, or never. The funnel takes the counts of a day as final 48 hours after
        # the day (projections/funnel.py), so there is a margin.
        "MaximumRecordAgeInSeconds": 12 * 3600,
        **reading,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "DestinationConfig": {"OnFailure": {"Type": "SQS", "Destination": get_att("StreamDeadLetterQueue")}},
        "FilterCriteria": {"Filters": [{"Pattern": json.dumps(pattern)} for pattern in patterns]},
    }
    events = {event_source(function, "Dynamodb"): {"Properties": source}}
    return function_properties(function, Events=events)
