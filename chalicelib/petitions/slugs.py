"""A list of all slugs in memory, so that requests for unknown slugs seldom read the table.

A slug is a petition's name in URLs.
"""

from datetime import UTC, datetime, timedelta

# A process reads the slugs at most once in this time, so it may not know a new petition for this long.
READ_AFTER = timedelta(seconds=1)
_NEVER = datetime.min.replace(tzinfo=UTC)


class SlugList:
    """The slugs as they were last read. `is_current`: whether the last attempt to read the slugs succeeded."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self._slugs: frozenset[str] = frozenset()
        self._tried_at = _NEVER
        self.is_current = False

    def __contains__(self, slug: str) -> bool:
        return slug in self._slugs

    def begin_reading_if_due(self, now: datetime) -> bool:
        """Return whether the caller must read the slugs now.

        If so, the next read is due after READ_AFTER, even if the caller's read fails.
        """
        was_just_tried = self._tried_at <= now < self._tried_at + READ_AFTER  # False if the clock was set back.
        if was_just_tried:
            return False
        self._tried_at, self.is_current = now, False
        return True

    def replace(self, slugs: frozenset[str]) -> None:
        self._slugs, self.is_current = slugs, True
