"""Show progress: a bar in a terminal, otherwise a line every ten seconds."""

import sys
import time
from types import TracebackType
from typing import Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress as Bars, TaskID, TextColumn, TimeElapsedColumn

from stack.console import say

EVERY = 10.0


class Progress:
    def __init__(self) -> None:
        columns = (TextColumn("{task.description:<10}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bars = Bars(*columns, disable=not sys.stdout.isatty())
        self._tasks: dict[str, TaskID] = {}
        self._told = time.monotonic()

    def show(self, what: str, done: int, of: int) -> None:
        """There may be more emails than people; the bar then shows more than 100 %."""
        if self._bars.disable:
            self._tell(f"{what}: {done:,} of {of:,}")
            return
        if what not in self._tasks:
            self._tasks[what] = self._bars.add_task(what, total=of)
        self._bars.update(self._tasks[what], completed=done)

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bars.stop()

    def _tell(self, line: str) -> None:
        if time.monotonic() - self._told >= EVERY:
            self._told = time.monotonic()
            say(line)
