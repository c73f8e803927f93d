"""Refuse calls that exceed a limit that AWS documents and the emulator does not check.

Only limits that our calls come near are checked here: `tests/strict/test_limits.py` has calls that exceed them. The
emulator itself checks many others (for example the sizes of items, keys and batches). A check raises Refused.
"""

from collections.abc import Callable, Mapping
from typing import Any

from stack.referee.model import Call
from stack.strict.errors import error
from stack.strict.http import HttpResponse
from stack.strict.limits import files, mail, queues, tables
from stack.strict.limits.refused import Refused

_CHECKS: Mapping[str, Callable[[str, Mapping[str, Any]], None]] = {
    "dynamodb": tables.check,
    "s3": files.check,
    "sesv2": mail.check,
    "sqs": queues.check,
}


def refusal(call: Call) -> HttpResponse | None:
    """Return the error that AWS would answer this call with; None if the call is within the limits."""
    try:
        if call.service in _CHECKS:
            _CHECKS[call.service](call.operation, call.params)
    except Refused as refused:
        return error(call.service, refused.code, refused.message)
    return None
