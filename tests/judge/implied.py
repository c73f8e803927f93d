"""Calls that Lambda itself makes with a function's role: it polls sources, stores failed batches, and writes the log.

No test shows these calls, because Lambda makes them. Source: "Using Lambda with Amazon SQS" and "Using Lambda with
Amazon DynamoDB" (execution role permissions), and the managed policy AWSLambdaBasicExecutionRole, without the creation
of the log group, which the template creates.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from stack.judge.model import Question
from stack.judge.resolve import STACK, Resolver

_QUEUE_ACTIONS = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
_STREAM_ACTIONS = ("DescribeStream", "GetRecords", "GetShardIterator")
_LOG_ACTIONS = ("CreateLogStream", "PutLogEvents")


def implied_questions(logical: str, resource: Mapping[str, Any], resolver: Resolver) -> Iterator[Question]:
    """Yield what the role of a function must allow, given its resource in the template."""
    stream = f"log-group:/aws/lambda/{STACK}-{logical}-1A2B3C:log-stream:2026/11/25/[$LATEST]1"
    yield from (Question(f"logs:{action}", resolver.where.arn("logs", stream), {}) for action in _LOG_ACTIONS)
    for event in resource.get("Properties", {}).get("Events", {}).values():
        yield from _event_questions(resolver.value(event.get("Properties", {})))


def _event_questions(source: Mapping[str, Any]) -> Iterator[Question]:
    if "Queue" in source:
        yield from (Question(f"sqs:{action}", source["Queue"], {}) for action in _QUEUE_ACTIONS)
    if "Stream" in source:
        yield from (Question(f"dynamodb:{action}", source["Stream"], {}) for action in _STREAM_ACTIONS)
        # ListStreams has no resource type, so its resource is "*".
        yield Question("dynamodb:ListStreams", "*", {})
    failed = source.get("DestinationConfig", {}).get("OnFailure")
    if failed:
        yield Question("sqs:SendMessage", failed["Destination"], {})
