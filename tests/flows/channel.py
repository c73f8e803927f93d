"""A queue whose messages a test delivers in any order."""

from collections.abc import Mapping
from typing import Any

from tests.fakes import FakeQueue

# The most handled messages that are kept, because they may be delivered again.
MOST_HANDLED = 30


class Channel(FakeQueue):
    """A queue whose messages a test delivers in any order. It keeps handled messages and dead letters."""

    def __init__(self) -> None:
        super().__init__()
        self.handled: list[Mapping[str, Any]] = []
        self.dead_letters: list[Mapping[str, Any]] = []

    def mark_handled(self, message: Mapping[str, Any]) -> None:
        if message in self.messages:
            self.messages.remove(message)
            self.handled = [*self.handled, message][-MOST_HANDLED:]

    def move_to_dead_letters(self, index: int) -> None:
        self.dead_letters.append(self.messages.pop(index % len(self.messages)))

    def redrive(self) -> None:
        self.messages += self.dead_letters
        self.dead_letters.clear()

    def expire(self) -> None:
        """Delete all messages, as SQS does after 14 days."""
        for messages in (self.messages, self.handled, self.dead_letters):
            messages.clear()
