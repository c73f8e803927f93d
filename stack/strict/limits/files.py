"""S3: names and lists that the emulator does not check. Source: "Naming Amazon S3 objects" and DeleteObjects.

Parts smaller than 5 MB are not checked here: the request to complete an upload does not give their sizes.
"""

from collections.abc import Mapping
from typing import Any

from stack.strict.limits.refused import Refused

_KEY_BYTES = 1024
_DELETED_AT_ONCE = 1000


def check(operation: str, params: Mapping[str, Any]) -> None:
    if len(params.get("Key", "").encode()) > _KEY_BYTES:
        raise Refused("KeyTooLongError", "Your key is too long")
    if operation == "DeleteObjects" and not 1 <= len(params["Delete"]["Objects"]) <= _DELETED_AT_ONCE:
        raise Refused("MalformedXML", "The XML you provided was not well-formed or did not validate")
