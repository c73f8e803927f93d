"""HttpAnswer the application's two calls of Lambda: whether an event source is enabled, and the change of it.

The emulator has no functions and so no event sources: they are threads of this process.
"""

import io
import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders

from stack.local.sources import EventSource

_OPERATIONS = ("GetEventSourceMapping", "UpdateEventSourceMapping")


class _Stream(io.BytesIO):
    def stream(self, **_: object) -> Iterator[bytes]:
        yield self.read()


def answer_from(sources: Mapping[str, EventSource], client: Any) -> None:
    """Let the client's calls about these event sources (by their UUIDs) be answered here."""

    def answer(request: AWSPreparedRequest, event_name: str, **_: object) -> AWSResponse | None:
        if event_name.rpartition(".")[2] not in _OPERATIONS:
            return None
        source = sources[request.url.rpartition("/")[2]]
        if request.method == "PUT":
            source.is_enabled = json.loads(cast(bytes, request.body))["Enabled"]
        state = "Enabled" if source.is_enabled else "Disabled"
        body = _Stream(json.dumps({"State": state}).encode())
        return AWSResponse(request.url, 200, HTTPHeaders.from_dict({"content-type": "application/json"}), body)

    client.meta.events.register_last("before-send", answer)  # After the judge, who may refuse the call.
