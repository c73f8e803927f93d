"""Run something in a copy of this process."""

import os
import time
from contextlib import suppress
from typing import Any

# Seconds. A copy that takes longer is killed.
LIMIT = 20.0


def forked(write: Any) -> bool:
    """Run it in a copy of this process. Return whether it succeeded."""
    child = os.fork()
    if child == 0:
        done = 1
        with suppress(BaseException):
            write()
            done = 0
        os._exit(done)
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status == 0
        time.sleep(0.01)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return False
