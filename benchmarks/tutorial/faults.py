"""What goes wrong on a bad evening, injected where the SDK meets the network: all above it is real."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError
from botocore.httpsession import URLLib3Session

WRITES = ("PutItem", "UpdateItem", "TransactWriteItems")
# As SES v2 refuses what is beyond the account's rate.
REFUSED = 429
REFUSAL = b'{"message": "Maximum sending rate exceeded."}'
REFUSAL_HEADERS: Any = {"x-amzn-ErrorType": "TooManyRequestsException", "Content-Type": "application/json"}


class Faults:
    """Listens to a session's events; clients built from then on can be made to fail. For one thread."""

    def __init__(self, events: Any) -> None:
        self._session = URLLib3Session()
        self._yet_to_lose: set[str] = set()
        self._refuses = False
        events.register("before-send.dynamodb", self._write_sent)
        events.register("before-send.sesv2", self._mail_sent)

    @contextmanager
    def losing_answers(self) -> Iterator[None]:
        """The first write of each kind in the block takes effect, and its answer never arrives."""
        self._yet_to_lose = set(WRITES)
        try:
            yield
        finally:
            self._yet_to_lose = set()

    @contextmanager
    def refusing_mail(self) -> Iterator[None]:
        """SES refuses every mail in the block, for its rate."""
        self._refuses = True
        try:
            yield
        finally:
            self._refuses = False

    def _write_sent(self, event_name: str, request: Any, **_: Any) -> None:
        """Raised here it is to botocore as if the socket had said so; its own retries follow."""
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
