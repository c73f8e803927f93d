"""A worker shows that it is alive while it runs a job. After its process was killed, the message soon comes again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

BEAT_SECONDS = 30.0
# So long after the last beat, the queue delivers the job's message again: to another worker if this one was killed.
HIDDEN_SECONDS = 240


@contextmanager
def heartbeat(beat: Callable[[], None], wait: Callable[[Event, float], bool] = Event.wait) -> Iterator[None]:
    """Call `beat` now, and every BEAT_SECONDS until the block ends. `beat` raises nothing."""
    is_over = Event()

    def keep_beating() -> None:
        while not wait(is_over, BEAT_SECONDS):
            beat()

    beat()
    # The thread is a daemon, so it never keeps a process alive that should end.
    thread = Thread(target=keep_beating, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
