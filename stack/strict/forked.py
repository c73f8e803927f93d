"""Call a function in a fork of this process: a copy with the same memory. Later changes do not reach the copy."""

import os
import signal
import time
from contextlib import suppress
from typing import Any

# A fork that takes longer is killed.
MAX_SECONDS = 20.0


def call_forked(action: Any) -> bool:
    """Call `action` in a fork of this process and wait. Return False if it raised or took longer than MAX_SECONDS."""
    child = os.fork()
    if child == 0:
        exit_code = 1
        with suppress(BaseException):  # An exception would run the caller's code a second time, in the fork.
            action()
            exit_code = 0
        os._exit(exit_code)
    deadline = time.monotonic() + MAX_SECONDS
    while time.monotonic() < deadline:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status == 0
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False
