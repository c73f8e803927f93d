"""A crowd of browsers: several connections at once, each sending a new request after each response."""

import http.client
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from random import randrange
from typing import Any
from urllib.parse import urlsplit

# The emulator's response when all its functions are busy: the request was not started.
BUSY, PAUSE_SECONDS = 429, 0.02

Event = dict[str, Any]


def send_requests(api: str, events: Sequence[Event], connections: int) -> float:
    """Send these events as HTTP requests. Return requests a second. Raise RuntimeError unless all succeeded."""
    started = time.perf_counter()
    with ThreadPoolExecutor(connections) as pool:
        statuses_by_connection = pool.map(_EventSender(api), _deal(events, connections))
        statuses = list(chain.from_iterable(statuses_by_connection))
    took = time.perf_counter() - started
    wrong = [status for status in statuses if status not in (200, 202)]
    if wrong or len(statuses) != len(events):
        raise RuntimeError(f"{len(wrong)} of {len(events)} requests were answered {sorted(set(wrong))}")
    return len(events) / took


def _deal(events: Sequence[Event], connections: int) -> list[Sequence[Event]]:
    """Give neighbouring events to different connections, so that they are sent at the same time."""
    return [events[number::connections] for number in range(connections)]


class _EventSender:
    """Sends events one after the other over one connection. Returns the statuses of the responses."""

    def __init__(self, api: str) -> None:
        self._api_url = urlsplit(api)

    def __call__(self, events: Iterable[Event]) -> list[int]:
        connection = http.client.HTTPConnection(self._api_url.hostname or "", self._api_url.port, timeout=60)
        try:
            return [self._send_until_answered(connection, event) for event in events]
        finally:
            connection.close()

    def _send_until_answered(self, connection: http.client.HTTPConnection, event: Event) -> int:
        while True:
            status = self._send(connection, event)
            if status != BUSY:
                return status
            time.sleep(PAUSE_SECONDS)

    def _send(self, connection: http.client.HTTPConnection, event: Event) -> int:
        # First emails are limited for each network, except loopback. The emulator takes the caller's address from this
        # header.
        network = f"10.{randrange(256)}.{randrange(256)}.1"
        headers = {"Content-Type": event["headers"]["Content-Type"], "X-Forwarded-For": network}
        path = self._api_url.path + event["path"]
        connection.request(event["httpMethod"], path, event["body"], headers)
        with connection.getresponse() as response:
            response.read()
            return response.status
