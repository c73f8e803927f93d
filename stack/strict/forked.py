"""Call a function in a forked copy of this process."""

import os
import time
from contextlib import suppress
from typing import Any

# Seconds. A copy that takes longer is killed.
LIMIT = 20.0


def call_forked(action: Any) -> bool:
    """Call `action` in a forked copy of this process. Return whether it succeeded."""
    child = os.fork()
    if child == 0:
        exit_code = 1
        with suppress(BaseException):
            action()
            exit_code = 0
        os._exit(exit_code)
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status == 0
        time.sleep(0.01)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return False
