"""Runs inside the emulator's own Python: the emulator, made as strict as AWS, tied to the life of its starter.

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


def _main() -> None:
    sys.path.append(str(Path(__file__).resolve().parents[1]))  # this project, behind the emulator's own packages
    from ministack.app import main

    from stack.strict.install import install

    install()
    threading.Thread(target=_follow_starter, daemon=True).start()
    try:
        main()
    finally:
        if _orphaned.is_set():
            shutil.rmtree(Path.cwd(), ignore_errors=True)  # our scratch folder; else the starter's to remove
        os.killpg(os.getpgid(0), signal.SIGKILL)  # the Lambda workers, and ourselves last


if __name__ == "__main__":
    _main()
