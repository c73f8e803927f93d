"""Run the emulator in its own Python, as strict as AWS, and stop it when its starter ends.

Standard input is a pipe held by the starter. When the starter ends or is killed, the pipe closes, and the emulator
stops with its Lambda workers. So a killed test run leaves no process behind.
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


def _stop_with_starter() -> None:
    sys.stdin.buffer.read()
    _orphaned.set()
    os.kill(os.getpid(), signal.SIGTERM)  # saves its state, then ends
    time.sleep(_GRACE_SECONDS)
    os.killpg(os.getpgid(0), signal.SIGKILL)


def _main() -> None:
    os.umask(0o077)  # What the emulator stores has names and keys: only its owner may read it.
    sys.path.append(str(Path(__file__).resolve().parents[1]))  # this project, behind the emulator's own packages
    from ministack.app import main

    from stack.strict.install import install

    install()
    threading.Thread(target=_stop_with_starter, daemon=True).start()
    try:
        main()
    finally:
        if _orphaned.is_set():
            shutil.rmtree(Path.cwd(), ignore_errors=True)  # the scratch folder; otherwise the starter removes it
        os.killpg(os.getpgid(0), signal.SIGKILL)  # the Lambda workers and this process


if __name__ == "__main__":
    _main()
