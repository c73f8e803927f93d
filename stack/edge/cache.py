"""The cache of the local CDN: one answer for each cache key. A full cache deletes the least recently used answer."""

from collections import OrderedDict
from dataclasses import dataclass

from stack.edge.forwarding import Key
from stack.edge.freshness import Lifetime, directives
from stack.edge.message import EdgeAnswer

_MAX_ANSWERS = 10_000


@dataclass
class CachedAnswer:
    """A cached answer. `stored_at`: when it was stored, or when the origin last said that it is unchanged.

    All times are in seconds, by the clock of the `Edge` (engine.py).
    """

    answer: EdgeAnswer
    stored_at: float
    lifetime: Lifetime
    no_retry_until: float = 0.0
    """Set when the origin fails. Until this time, the CDN serves this answer without a request to the origin."""

    def needs_no_origin(self, now: float) -> bool:
        """Return whether this answer is served without a request to the origin: it is fresh, or the origin failed."""
        return now < max(self.stored_at + self.lifetime.fresh, self.no_retry_until)

    def may_be_served_while_refreshing(self, now: float) -> bool:
        return now < self.stored_at + self.lifetime.while_refreshing

    def may_be_served_after_failure(self, now: float, *, is_unreachable: bool) -> bool:
        """Return whether this answer may be served because the origin failed.

        `is_unreachable`: the origin could not be reached. Otherwise, it answered with 5xx.
        """
        seconds = self.lifetime.if_unreachable if is_unreachable else self.lifetime.if_failing
        return now < self.stored_at + seconds

    def validators(self) -> dict[str, str]:
        """Return the request headers that ask the origin whether this answer has changed.

        Return no headers for an error and for an answer with no-store (which is kept only for a failure of the origin),
        because the origin must send these as a whole again. Also return no headers for an answer without ETag and
        Last-Modified.
        """
        headers = self.answer.headers
        if self.answer.is_error or "no-store" in directives(headers):
            return {}
        validators = {}
        if "ETag" in headers:
            validators["If-None-Match"] = headers["ETag"]
        if "Last-Modified" in headers:
            validators["If-Modified-Since"] = headers["Last-Modified"]
        return validators


class EdgeCache:
    def __init__(self) -> None:
        self._answers: OrderedDict[Key, CachedAnswer] = OrderedDict()

    def __len__(self) -> int:
        return len(self._answers)

    def get(self, key: Key, now: float) -> CachedAnswer | None:
        """Return the cached answer for a key, fresh or stale. Delete an answer that can never be served again."""
        cached = self._answers.get(key)
        if cached is None:
            return None
        # After a failure of the origin, the answer is served until `no_retry_until`, even after its lifetime.
        kept_until = max(cached.stored_at + cached.lifetime.longest, cached.no_retry_until)
        if now >= kept_until:
            del self._answers[key]
            return None
        self._answers.move_to_end(key)
        return cached

    def put(self, key: Key, answer: EdgeAnswer, now: float, lifetime: Lifetime) -> None:
        """Delete the previous answer for this key, and store the new one unless its lifetime is zero."""
        self._answers.pop(key, None)
        if lifetime.longest > 0:
            self._answers[key] = CachedAnswer(answer, now, lifetime)
        if len(self._answers) > _MAX_ANSWERS:
            self._answers.popitem(last=False)
