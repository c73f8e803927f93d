"""Runs inside the emulator's own Python: the emulator, tied to the life of whoever started it.

Standard input is a pipe held by the starter. When the starter ends, however it ends, the pipe
closes and the emulator stops with its Lambda workers: nothing is left behind by a killed test run.
"""

import os
import shutil
import signal
import sys
import threading
import time
from pathlib import Path

_GRACE_SECONDS = 8.0
_orphaned = threading.Event()


def _follow_starter() -> None:
    sys.stdin.buffer.read()
    _orphaned.set()
    os.kill(os.getpid(), signal.SIGTERM)  # saves its state, then ends
    time.sleep(_GRACE_SECONDS)
    os.killpg(os.getpgid(0), signal.SIGKILL)


def _start_streams_afresh() -> None:
    """The emulator keeps how far a stream was read, but not the stream, and would skip that many."""
    from ministack.services import lambda_svc

    lambda_svc._restore_esm_positions = lambda store, positions: None


def _main() -> None:
    from ministack.app import main

    _start_streams_afresh()
    threading.Thread(target=_follow_starter, daemon=True).start()
    try:
        main()
    finally:
        if _orphaned.is_set():
            shutil.rmtree(Path.cwd(), ignore_errors=True)  # our scratch folder; else the starter's to remove
        os.killpg(os.getpgid(0), signal.SIGKILL)  # the Lambda workers, and ourselves last


if __name__ == "__main__":
    _main()
