"""Refuse calls that exceed a limit that AWS documents and the emulator does not check.

Only limits that our calls come near are checked here: `tests/judge/test_limits.py` has calls that exceed them. The
emulator itself checks many others (for example the sizes of items, keys and batches).
"""

from collections.abc import Callable, Mapping
from typing import Any

from stack.judge.limits import files, mail, queues, tables
from stack.judge.model import Call

_CHECKS: Mapping[str, Callable[[str, Mapping[str, Any]], None]] = {
    "dynamodb": tables.check,
    "s3": files.check,
    "sesv2": mail.check,
    "sqs": queues.check,
}


def check(call: Call) -> None:
    """Raise Refused with AWS's error if the call exceeds a limit."""
    if call.service in _CHECKS:
        _CHECKS[call.service](call.operation, call.params)
