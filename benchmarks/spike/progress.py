"""Show progress: a bar in a terminal, otherwise a line every ten seconds."""

import sys
import time
from types import TracebackType
from typing import Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress as Bars, TaskID, TextColumn, TimeElapsedColumn

from stack.console import say

EVERY = 10.0  # seconds


class ProgressBars:
    def __init__(self) -> None:
        columns = (TextColumn("{task.description:<10}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bars = Bars(*columns, disable=not sys.stdout.isatty())
        self._tasks: dict[str, TaskID] = {}
        self._last_line_at = time.monotonic()

    def show(self, label: str, done: int, of: int) -> None:
        """Show that `done` of `of` things are done. `done` may be larger: people may get several emails."""
        if self._bars.disable:
            self._say_sometimes(f"{label}: {done:,} of {of:,}")
            return
        if label not in self._tasks:
            self._tasks[label] = self._bars.add_task(label, total=of)
        self._bars.update(self._tasks[label], completed=done)

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bars.stop()

    def _say_sometimes(self, line: str) -> None:
        if time.monotonic() - self._last_line_at >= EVERY:
            self._last_line_at = time.monotonic()
            say(line)
