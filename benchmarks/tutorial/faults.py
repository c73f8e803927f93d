"""Faults between the SDK and the network, for both applications: all layers above the network are real."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError
from botocore.httpsession import URLLib3Session
from urllib3 import HTTPResponse

WRITES = ("PutItem", "UpdateItem", "TransactWriteItems")
# SES v2 answers this above the account's sending rate.
REFUSAL = b'{"message": "Maximum sending rate exceeded."}'
HEADERS: Any = {"x-amzn-ErrorType": "TooManyRequestsException", "Content-Type": "application/json"}


class SdkFaults:
    """Faults of the clients that a session builds afterwards. `events`: the session's events. Not thread-safe."""

    def __init__(self, events: Any) -> None:
        self._session = URLLib3Session()
        self._operations_to_lose: set[str] = set()
        self._refuses = False
        events.register("before-send.dynamodb", self._on_write)
        events.register("before-send.sesv2", self._on_mail)

    @contextmanager
    def losing_answers(self) -> Iterator[None]:
        """In the block, the first write of each kind succeeds, but its response is lost."""
        self._operations_to_lose = set(WRITES)
        yield
        self._operations_to_lose = set()

    @contextmanager
    def refusing_mail(self) -> Iterator[None]:
        """In the block, SES refuses every email because of its rate."""
        self._refuses = True
        yield
        self._refuses = False

    def _on_write(self, event_name: str, request: Any, **_: Any) -> None:
        """If the response must be lost, send the write and raise the error of a timeout. Then botocore tries again."""
        operation = event_name.rpartition(".")[2]
        if operation in self._operations_to_lose:
            self._operations_to_lose.remove(operation)
            self._session.send(request)
            raise ReadTimeoutError(endpoint_url=request.url)

    def _on_mail(self, request: Any, **_: Any) -> AWSResponse | None:
        raw = HTTPResponse(io.BytesIO(REFUSAL), preload_content=False)
        return AWSResponse(request.url, 429, HEADERS, raw) if self._refuses else None
