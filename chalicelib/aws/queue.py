"""SQS queues of JSON messages, and the sources that hand the messages to functions.

Two queues are for jobs, which do long work in steps (runner/worker.py).
"""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from chalicelib.aws import clients
from chalicelib.aws.expressions import chunks
from chalicelib.aws.failures import code_of, translate_errors
from chalicelib.core.errors import Unavailable
from chalicelib.core.settings import settings

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

BATCH_LIMIT = 10
# The longest delay of a message, in seconds.
LONGEST_DELAY = 900


class Outgoing(NamedTuple):
    """A message, and for how many seconds (0 to 900) SQS waits before it delivers the message."""

    body: Mapping[str, Any]
    delay: int = 0


class Queue:
    """One queue of JSON messages. Delivery is at least once and in any order: receivers are idempotent."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def send(self, messages: Sequence[Outgoing]) -> None:
        """Send the messages. Raise Unavailable if SQS did not accept all. Perhaps it accepted some."""
        for chunk in chunks(messages, BATCH_LIMIT):
            self._send_batch(chunk)

    def depth(self) -> int:
        """Return the approximate number of messages that wait, are in flight or are delayed."""
        return self._count("", "NotVisible", "Delayed")

    def depth_without_delayed(self) -> int:
        return self._count("", "NotVisible")

    def _count(self, *states: str) -> int:
        """Return the approximate number of messages in these states. A state is the end of an attribute's name."""
        names: Any = [f"ApproximateNumberOfMessages{state}" for state in states]
        with translate_errors("queue"):
            answer = self._client.get_queue_attributes(QueueUrl=self._url, AttributeNames=names)
        numbers = answer.get("Attributes", {}).values()
        return sum(int(number) for number in numbers)

    def _send_batch(self, messages: Sequence[Outgoing]) -> None:
        entries: Any = [
            {"Id": str(number), "MessageBody": json.dumps(message.body), "DelaySeconds": message.delay}
            for number, message in enumerate(messages)
        ]
        with translate_errors("queue"):
            answer = self._client.send_message_batch(QueueUrl=self._url, Entries=entries)
        # Count the successes, not the failures: an empty answer does not mean that SQS accepted the messages.
        if len(answer.get("Successful", [])) != len(entries):
            raise Unavailable("queue")

    def deliver_again_in(self, seconds: Mapping[str, int]) -> None:
        """Deliver received messages again after these seconds from now, unless they are deleted before.

        `seconds`: by receipt handle, for up to ten messages. Raise Unavailable if SQS did not accept all. The others
        are delivered again after the queue's visibility timeout.
        """
        entries: Any = [
            {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": wait}
            for number, (handle, wait) in enumerate(seconds.items())
        ]
        with translate_errors("queue"):
            answer = self._client.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)
        if len(answer.get("Successful", [])) != len(entries):
            raise Unavailable("queue")

    def check(self) -> None:
        """Raise Unavailable if the queue does not answer."""
        with translate_errors("queue"):
            self._client.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])


@cache
def mail_queue() -> Queue:
    return Queue(clients.sqs(), settings().queues["mail"])


@cache
def overflow_queue() -> Queue:
    """Return the queue of signatures that are not yet in the table. They are personal data, so KMS encrypts them."""
    return Queue(clients.signing_sqs(), settings().queues["overflow"])


@cache
def job_queue() -> Queue:
    """Return the queue of jobs that read no email address."""
    return Queue(clients.sqs(), settings().queues["jobs"])


@cache
def address_job_queue() -> Queue:
    return Queue(clients.sqs(), settings().queues["address_jobs"])


@cache
def other_mail_queue() -> Queue:
    return Queue(clients.sqs(), settings().queues["other_mail"])


BUSY = frozenset({"ResourceInUseException", "ResourceConflictException"})


class Source:
    """A Lambda event source mapping: the connection from a queue to its function."""

    def __init__(self, client: Any, uuid: str) -> None:
        self._client = client
        self._uuid = uuid

    def switch(self, *, is_on: bool) -> bool:
        """Return False if the source is already so, or while AWS still changes it. Raise Unavailable without an answer.

        A caller cannot tell which, so it must call this again and again, as mail/sending.py does.
        """
        with translate_errors("source", _source_error):
            opposite = "Disabled" if is_on else "Enabled"
            if self._state() != opposite:
                return False
            self._client.update_event_source_mapping(UUID=self._uuid, Enabled=is_on)
        return True

    def is_off(self) -> bool:
        """Perhaps an invocation that the source started earlier still runs."""
        with translate_errors("source", _source_error):
            return self._state() == "Disabled"

    def _state(self) -> str:
        return str(self._client.get_event_source_mapping(UUID=self._uuid)["State"])


def _source_error(error: ClientError) -> Unavailable | None:
    return Unavailable("source") if code_of(error) in BUSY else None


@cache
def mail_source() -> Source:
    return Source(clients.lambdas(), settings().mail_source)


@cache
def other_mail_source() -> Source:
    return Source(clients.lambdas(), settings().other_mail_source)
