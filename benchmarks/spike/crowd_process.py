"""Start the process of the crowd (people.py) with its posts, and read the answers that it gets, while it runs."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from benchmarks.spike.crowd import Post
from benchmarks.spike.plan import SpikePlan
from stack.console import Failure

PEOPLE = Path(__file__).with_name("people.py")
Answer = dict[str, Any]


@dataclass
class Crowd:
    """The process of the crowd. Each of the `answers` has the fields that people.py writes.

    `who`: the person's number. `at`: Unix seconds. `status`. `ms`: how long the person has waited so far. `good`:
    success. `last`: the post will not be sent again. `seen`: the statuses of the page views before the post, counted.
    """

    posts: Sequence[Post]
    process: subprocess.Popen[bytes]
    log: Path
    _lines: TextIO
    answers: list[Answer] = field(default_factory=list)
    settled: int = 0  # posts that will not be sent again

    def read_answers(self) -> None:
        """Read new answers. Raise Failure if the crowd's process has ended too early."""
        for line in iter(self._lines.readline, ""):
            answer = json.loads(line)
            self.answers.append(answer)
            if answer["last"]:
                self.settled += 1
        if self.process.poll() is not None and not self.is_over:
            self._raise_failure()

    @property
    def is_over(self) -> bool:
        return self.settled == len(self.posts)

    def _raise_failure(self) -> None:
        printed = self.log.read_text(encoding="utf-8").strip()
        last_line = printed.splitlines()[-1] if printed else "it printed nothing"
        raise Failure(f"the crowd's process ended too early: {last_line}")


@contextmanager
def start_crowd(site: str, posts: Sequence[Post], plan: SpikePlan) -> Iterator[Crowd]:
    with tempfile.TemporaryDirectory(prefix="petitions-spike-") as folder:
        posts_path, answers_path, log = (Path(folder) / name for name in ("posts", "answers", "log"))
        posts_path.write_text("\n".join(map(json.dumps, posts)), encoding="utf-8")
        answers_path.touch()
        with log.open("wb") as output, answers_path.open(encoding="utf-8") as lines:
            process = subprocess.Popen(
                _command(site, min(plan.at_once, len(posts))),
                env={
                    **os.environ,
                    "SPIKE_POSTS": str(posts_path),
                    "SPIKE_ANSWERS": str(answers_path),
                    "SPIKE_PACE": str(plan.pace),
                },
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            try:
                yield Crowd(posts, process, log, lines)
            finally:
                process.kill()  # It has nothing to clean up, and a normal end takes seconds.
                process.wait()


def _command(site: str, users: int) -> list[str]:
    locust = [sys.executable, "-m", "locust", "-f", str(PEOPLE), "--headless", "--host", site]
    return [*locust, "-u", str(users), "-r", str(users), "--skip-log-setup", "--stop-timeout", "1", "--only-summary"]
