"""Reuse threads. The emulator would start a thread for each invocation, and its event loop would wait for the start.

The number of threads has no limit. With one, functions that wait for other functions could occupy all threads, and the
other functions would never run: see ministack's `core/concurrency.py`.
"""

import threading
from collections.abc import Callable
from queue import SimpleQueue
from types import SimpleNamespace

from ministack.core import concurrency

_Inbox = SimpleQueue[Callable[[], object]]
# The inboxes of the threads that wait for work.
_idle: list[_Inbox] = []


class ReusedThread:
    """Runs `target` in a thread that waits for work, or in a new one. Replaces `threading.Thread` in ministack.

    Its other arguments, such as `daemon`, are ignored.
    """

    def __init__(self, *, target: Callable[[], object], **_: object) -> None:
        self._target = target
        self._done = threading.Event()

    def start(self) -> None:
        try:
            inbox = _idle.pop()
        except IndexError:  # No thread waits for work.
            inbox = SimpleQueue()
            threading.Thread(target=_work, args=(inbox,), daemon=True).start()
        inbox.put(self._run)

    def join(self, timeout: float | None = None) -> None:
        self._done.wait(timeout)

    def is_alive(self) -> bool:
        return not self._done.is_set()

    def _run(self) -> None:
        try:
            self._target()
        finally:
            self._done.set()


def _work(inbox: _Inbox) -> None:
    while True:
        run = inbox.get()
        run()
        _idle.append(inbox)


def install() -> None:
    members = {**vars(threading), "Thread": ReusedThread}
    concurrency.threading = SimpleNamespace(**members)
