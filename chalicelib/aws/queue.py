"""SQS queues of JSON messages. Two are for jobs, which do long work in steps (runner/worker.py)."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.aws import clients
from chalicelib.aws.expressions import chunks
from chalicelib.aws.failures import translate_errors
from chalicelib.core.errors import Unavailable
from chalicelib.core.settings import settings

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

BATCH_LIMIT = 10
# The longest delay of a message, in seconds.
LONGEST_DELAY = 900
# Enough for `move` to handle ten messages. After a crash, they are soon visible again.
HIDDEN_WHILE_MOVED_SECONDS = 60


class Outgoing(NamedTuple):
    """A message, and for how many seconds (0 to 900) SQS waits before it delivers the message."""

    body: Mapping[str, Any]
    delay: int = 0


class Queue:
    """Delivery is at least once and in any order: receivers are idempotent."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def send(self, messages: Sequence[Outgoing]) -> None:
        """Raise Unavailable if SQS did not accept all. Perhaps it accepted some."""
        for chunk in chunks(messages, BATCH_LIMIT):
            self._send_raw([(json.dumps(message.body), message.delay) for message in chunk])

    def depth(self) -> int:
        return self._count("", "NotVisible", "Delayed")

    def depth_without_delayed(self) -> int:
        return self._count("", "NotVisible")

    def _count(self, *states: str) -> int:
        """Return the approximate number. A state is the end of an attribute's name."""
        names: Any = [f"ApproximateNumberOfMessages{state}" for state in states]
        with translate_errors("queue"):
            answer = self._client.get_queue_attributes(QueueUrl=self._url, AttributeNames=names)
        numbers = answer.get("Attributes", {}).values()
        return sum(int(number) for number in numbers)

    def move(self, queue_of: Callable[[str], "Queue"], most: int) -> Iterator[int]:
        """Move up to `most` messages. Yield each batch's size. Stop when no message is visible.

        `queue_of` chooses by the message's body. A batch is sent before it is deleted: after a crash, its messages are
        in both queues, which does no harm because receivers are idempotent.
        """
        moved = 0
        while moved < most:
            messages = self._receive(min(BATCH_LIMIT, most - moved))
            if not messages:
                return
            without_delay: dict[Queue, list[tuple[str, int]]] = {}
            for message in messages:
                without_delay.setdefault(queue_of(message["Body"]), []).append((message["Body"], 0))
            for queue, moving in without_delay.items():
                queue._send_raw(moving)
            self._delete([message["ReceiptHandle"] for message in messages])
            moved += len(messages)
            yield len(messages)

    def _receive(self, most: int) -> Sequence[Any]:
        with translate_errors("queue"):
            answer = self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=most,
                VisibilityTimeout=HIDDEN_WHILE_MOVED_SECONDS,
                WaitTimeSeconds=1,  # Without waiting, SQS asks only some of its servers and may find nothing.
            )
        return answer.get("Messages", [])

    def _send_raw(self, messages: Sequence[tuple[str, int]]) -> None:
        entries: Any = [
            {"Id": str(number), "MessageBody": body, "DelaySeconds": delay}
            for number, (body, delay) in enumerate(messages)
        ]
        with translate_errors("queue"):
            answer = self._client.send_message_batch(QueueUrl=self._url, Entries=entries)
        # An empty answer does not mean that SQS accepted the messages.
        if len(answer.get("Successful", [])) != len(entries):
            raise Unavailable("queue")

    def _delete(self, handles: Sequence[str]) -> None:
        entries: Any = [{"Id": str(number), "ReceiptHandle": handle} for number, handle in enumerate(handles)]
        with translate_errors("queue"):
            answer = self._client.delete_message_batch(QueueUrl=self._url, Entries=entries)
        if answer.get("Failed"):
            raise Unavailable("queue")

    def deliver_again_in(self, seconds: Mapping[str, int]) -> None:
        """Deliver received messages again after these seconds from now, unless they are deleted before.

        `seconds`: by receipt handle, at most ten. Raise Unavailable if SQS did not accept all. The others are delivered
        again after the queue's visibility timeout.
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
    """Return the queue of urgent email, for which a person waits."""
    return Queue(clients.sqs(), settings().queues["mail"])


@cache
def overflow_queue() -> Queue:
    """Return the queue of signatures that are not yet in the table. They are personal data, so KMS encrypts them."""
    return Queue(clients.signing_sqs(), settings().queues["overflow"])


@cache
def job_queue() -> Queue:
    """The queue of jobs that read no email address."""
    return Queue(clients.sqs(), settings().queues["jobs"])


@cache
def address_job_queue() -> Queue:
    """The queue of jobs that read email addresses."""
    return Queue(clients.sqs(), settings().queues["address_jobs"])


@cache
def other_mail_queue() -> Queue:
    """The queue of email that is not urgent."""
    return Queue(clients.sqs(), settings().queues["other_mail"])
