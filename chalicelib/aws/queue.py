"""SQS in the words the workers use."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.aws import clients
from chalicelib.aws.expressions import chunks
from chalicelib.aws.failures import translated
from chalicelib.errors import Unavailable
from chalicelib.settings import settings

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

BATCH_LIMIT = 10


class Outgoing(NamedTuple):
    """A message, and for how many seconds (0 to 900) nobody shall see it."""

    body: Mapping[str, Any]
    delay: int = 0


class Queue:
    """One queue of JSON messages. Delivery is at least once and in any order: receivers are idempotent."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def send(self, messages: Sequence[Outgoing]) -> None:
        """Raise Unavailable unless every message was accepted; some may then have been."""
        for chunk in chunks(messages, BATCH_LIMIT):
            entries: Any = [
                {"Id": str(number), "MessageBody": json.dumps(message.body), "DelaySeconds": message.delay}
                for number, message in enumerate(chunk)
            ]
            with translated("queue"):
                answer = self._client.send_message_batch(QueueUrl=self._url, Entries=entries)
            if answer.get("Failed"):
                raise Unavailable("queue")

    def check(self) -> None:
        """Raise Unavailable unless the queue answers."""
        with translated("queue"):
            self._client.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])


@cache
def mail_queue() -> Queue:
    return Queue(clients.sqs(), settings().mail_queue_url)


@cache
def overflow_queue() -> Queue:
    """Signatures that the table did not take: personal data, so the queue is encrypted with KMS."""
    return Queue(clients.signing_sqs(), settings().overflow_queue_url)
