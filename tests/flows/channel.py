"""A queue whose messages a test delivers in any order."""

from collections.abc import Mapping
from typing import Any

from tests.fakes import FakeQueue

# The number of handled messages that may be delivered again at any later time.
REMEMBERED = 30


class Channel(FakeQueue):
    """A queue whose messages a test delivers in any order. It keeps handled messages and dead letters."""

    def __init__(self) -> None:
        super().__init__()
        self.handled: list[Mapping[str, Any]] = []
        self.dead: list[Mapping[str, Any]] = []

    def settle(self, message: Mapping[str, Any]) -> None:
        if message in self.messages:
            self.messages.remove(message)
            self.handled = [*self.handled, message][-REMEMBERED:]

    def bury(self, which: int) -> None:
        self.dead.append(self.messages.pop(which % len(self.messages)))

    def redrive(self) -> None:
        self.messages += self.dead
        self.dead.clear()

    def forget(self) -> None:
        """SQS keeps a message for 14 days."""
        for messages in (self.messages, self.handled, self.dead):
            messages.clear()
