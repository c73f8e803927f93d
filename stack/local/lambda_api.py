"""Lambda's API, as far as we call it: whether an event source is enabled, and an asynchronous run of a function.

The emulator has no functions and no event sources: they are threads of this process. botocore sends calls of Lambda
to the URL in VARIABLE, so manage.py, which runs in another process, can make them too.
"""

import json
import threading
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus

from stack.local.functions import Functions
from stack.local.gateway import HttpAnswer, HttpRequest
from stack.local.sources import EventSource

VARIABLE = "AWS_ENDPOINT_URL_LAMBDA"
PATH = "/_local/lambda"


class LambdaApi:
    """`sources`: by the UUIDs of their mappings. The judge has refused in the caller's process what a role may not."""

    def __init__(self, sources: Mapping[str, EventSource], functions: Functions) -> None:
        self._sources, self._functions = sources, functions

    def answer(self, request: HttpRequest) -> HttpAnswer:
        match request.method, request.path.removeprefix(PATH).split("/")[2:]:
            case "GET" | "PUT", ["event-source-mappings", uuid] if uuid in self._sources:
                return self._state(self._sources[uuid], request)
            case "POST", ["functions", function, "invocations"] if function in self._functions:
                threading.Thread(target=self._run, args=(function, json.loads(request.body)), daemon=True).start()
                return HttpAnswer(HTTPStatus.ACCEPTED, [], b"")
        not_found = [("x-amzn-ErrorType", "ResourceNotFoundException"), ("Content-Type", "application/json")]
        return HttpAnswer(HTTPStatus.NOT_FOUND, not_found, b"{}")

    def _state(self, source: EventSource, request: HttpRequest) -> HttpAnswer:
        if request.method == "PUT":
            source.is_enabled = json.loads(request.body)["Enabled"]
        state = json.dumps({"State": "Enabled" if source.is_enabled else "Disabled"})
        return HttpAnswer(HTTPStatus.OK, [("Content-Type", "application/json")], state.encode())

    def _run(self, function: str, event: object) -> None:
        with suppress(Exception):  # `Functions` has reported it.
            self._functions.invoke(function, event)
