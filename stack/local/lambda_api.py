"""Lambda's API, as far as we call it: whether an event source is enabled.

The emulator has no event sources: they are threads of this process. botocore sends calls of Lambda to the URL in
VARIABLE.
"""

import json
from collections.abc import Mapping
from http import HTTPStatus

from stack.local.gateway import HttpAnswer, HttpRequest
from stack.local.sources import EventSource

VARIABLE = "AWS_ENDPOINT_URL_LAMBDA"
PATH = "/_local/lambda"


def answer(request: HttpRequest, sources: Mapping[str, EventSource]) -> HttpAnswer:
    """`sources`: by the UUIDs of their mappings. The judge has refused before what a role may not."""
    _, _, uuid = request.path.rpartition("/")
    if uuid not in sources:
        not_found = [("x-amzn-ErrorType", "ResourceNotFoundException"), ("Content-Type", "application/json")]
        return HttpAnswer(HTTPStatus.NOT_FOUND, not_found, b"{}")
    if request.method == "PUT":
        sources[uuid].is_enabled = json.loads(request.body)["Enabled"]
    state = json.dumps({"State": "Enabled" if sources[uuid].is_enabled else "Disabled"})
    return HttpAnswer(HTTPStatus.OK, [("Content-Type", "application/json")], state.encode())
