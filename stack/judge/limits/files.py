"""S3: check the length of an object's key, and the number of objects in DeleteObjects. The emulator checks neither.

Source: "Naming Amazon S3 objects" in the user guide, and DeleteObjects in the API reference. AWS also refuses an upload
with parts smaller than 5 MB. We do not check this limit, because the request to complete an upload does not contain the
sizes.
"""

from collections.abc import Mapping
from typing import Any

from stack.judge.answers import Refused

_MAX_KEY_BYTES = 1024
_MAX_DELETED_OBJECTS = 1000


def check(operation: str, params: Mapping[str, Any]) -> None:
    if len(params.get("Key", "").encode()) > _MAX_KEY_BYTES:
        raise Refused("KeyTooLongError", "Your key is too long")
    if operation == "DeleteObjects":
        number_of_objects = len(params["Delete"]["Objects"])
        if not 1 <= number_of_objects <= _MAX_DELETED_OBJECTS:
            raise Refused("MalformedXML", "The XML you provided was not well-formed or did not validate")
