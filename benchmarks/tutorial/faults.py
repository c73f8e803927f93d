"""Faults injected between the SDK and the network: all layers above are real."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError
from botocore.httpsession import URLLib3Session

WRITES = ("PutItem", "UpdateItem", "TransactWriteItems")
# SES v2's refusal above the account's rate.
REFUSED = 429
REFUSAL = b'{"message": "Maximum sending rate exceeded."}'
REFUSAL_HEADERS: Any = {"x-amzn-ErrorType": "TooManyRequestsException", "Content-Type": "application/json"}


class Faults:
    """Listen to a session's events: clients built afterwards can be made to fail. Not thread-safe."""

    def __init__(self, events: Any) -> None:
        self._session = URLLib3Session()
        self._yet_to_lose: set[str] = set()
        self._refuses = False
        events.register("before-send.dynamodb", self._write_sent)
        events.register("before-send.sesv2", self._mail_sent)

    @contextmanager
    def losing_answers(self) -> Iterator[None]:
        """In the block, the first write of each kind succeeds, but its response is lost."""
        self._yet_to_lose = set(WRITES)
        try:
            yield
        finally:
            self._yet_to_lose = set()

    @contextmanager
    def refusing_mail(self) -> Iterator[None]:
        """In the block, SES refuses every email because of its rate."""
        self._refuses = True
        try:
            yield
        finally:
            self._refuses = False

    def _write_sent(self, event_name: str, request: Any, **_: Any) -> None:
        """Raise here: botocore handles it as a socket error and retries."""
        operation = event_name.rpartition(".")[2]
        if operation in self._yet_to_lose:
            self._yet_to_lose.remove(operation)
            self._session.send(request)
            raise ReadTimeoutError(endpoint_url=request.url)

    def _mail_sent(self, request: Any, **_: Any) -> AWSResponse | None:
        return AWSResponse(request.url, REFUSED, REFUSAL_HEADERS, _Raw(REFUSAL)) if self._refuses else None


class _Raw(io.BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()
