"""Run the emulator in this process, with the checks of `stack.strict`, and stop it when its starter ends.

The starter (emulator.py) is the process that started this one. The standard input of this process is a pipe, and the
starter holds the other end of the pipe. When the starter ends or is killed, the pipe closes, and the emulator stops
with its Lambda workers. So a killed test run leaves no process behind.
"""

import os
import shutil
import signal
import sys
import threading
import time
from pathlib import Path

_GRACE_SECONDS = 8.0  # How long the emulator may take to save its state.
_starter_has_ended = threading.Event()


def _stop_with_starter() -> None:
    sys.stdin.buffer.read()  # Waits until the pipe closes.
    _starter_has_ended.set()
    os.kill(os.getpid(), signal.SIGTERM)  # The emulator saves its state, then ends.
    time.sleep(_GRACE_SECONDS)
    os.killpg(os.getpgid(0), signal.SIGKILL)


def _main() -> None:
    os.umask(0o077)  # Only the owner may read the emulator's files, because they contain names and keys.
    project = Path(__file__).resolve().parents[1]
    sys.path.append(str(project))  # Behind the emulator's own packages.
    from ministack.app import main

    if "EMULATOR_IS_PLAIN" not in os.environ:
        from stack.strict.install import install

        install()
    threading.Thread(target=_stop_with_starter, daemon=True).start()
    try:
        main()
    finally:
        if _starter_has_ended.is_set():
            shutil.rmtree(Path.cwd(), ignore_errors=True)  # The scratch folder. A living starter removes it.
        os.killpg(os.getpgid(0), signal.SIGKILL)  # the Lambda workers and this process


if __name__ == "__main__":
    _main()
