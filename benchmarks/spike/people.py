"""The crowd, run by Locust: `locust -f` this file. It has a process of its own, because gevent patches its process.

It reads SPIKE_POSTS (JSON lines), and each person posts at most SPIKE_PACE times a second. It writes SPIKE_ANSWERS: for
each answer the person, the time, the status, how long the person has waited so far, and with the person's last answer
what the viewers saw.
"""

import json
import os
import time
from collections import Counter, deque
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, TextIO

import gevent
from geventhttpclient.connectionpool import ConnectionPool
from locust import FastHttpUser, constant_throughput, task
from locust.exception import StopUser

# As in petition.js.
FIRST_WAIT, LONGEST_WAIT, GIVE_UP, TIMEOUT = 2.0, 30.0, 600.0, 15.0


def _posts() -> Iterator[dict[str, Any]]:
    with Path(os.environ["SPIKE_POSTS"]).open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _answers() -> TextIO:
    return Path(os.environ["SPIKE_ANSWERS"]).open("w", encoding="utf-8", buffering=1)


class Unsent:
    """The posts that are not sent yet, and the file for the answers."""

    def __init__(self) -> None:
        self.coming = deque(_posts())
        self.answers = _answers()
        self.random = Random(1)


UNSENT = Unsent()
_networks = count()


def _from_a_network_of_its_own(_: ConnectionPool, *kind: int) -> gevent.socket.socket:
    """Return a new socket with an address of its own on loopback: the first emails of each network are limited."""
    number = next(_networks)
    made = gevent.socket.socket(*kind)
    made.bind((f"127.{1 + number // 256 % 255}.{number % 256}.1", 0))
    return made


ConnectionPool._create_tcp_socket = _from_a_network_of_its_own  # type: ignore[method-assign,assignment]


class Supporter(FastHttpUser):
    """Several people, one after the other: each posts, waits and tries again as the hosted page does."""

    network_timeout = connection_timeout = TIMEOUT
    wait_time = constant_throughput(float(os.environ["SPIKE_PACE"]))

    @task
    def post(self) -> None:
        if not UNSENT.coming:
            raise StopUser
        post = UNSENT.coming.popleft()
        self._deliver(post, self._view(post.get("look", [])))

    def _view(self, paths: list[str]) -> dict[int, int]:
        """Open pages and counts as viewers do: ten for each person who signs. Return how often each status came."""
        statuses_of_views = Counter[int]()
        for path in paths:
            answer = self.client.get(path, headers={"Accept": "text/html", "Accept-Encoding": "gzip, br"}, name="view")
            statuses_of_views[answer.status_code] += 1
        return statuses_of_views

    def _deliver(self, post: dict[str, Any], statuses_of_views: dict[int, int]) -> None:
        began = time.monotonic()
        for attempt in range(1_000):
            status, pause = self._send(post)
            waited = time.monotonic() - began
            is_last = (status not in (0, 429) and status < 500) or waited > GIVE_UP
            line = {"who": post["who"], "at": time.time(), "status": status, "ms": round(waited * 1000, 1)}
            line |= {"good": status == post["good"], "last": is_last, "seen": statuses_of_views if is_last else {}}
            UNSENT.answers.write(json.dumps(line) + "\n")
            if is_last:
                return
            jitter = UNSENT.random.random() * min(LONGEST_WAIT, FIRST_WAIT * 2**attempt)
            gevent.sleep(max(1.0, pause + jitter))

    def _send(self, post: dict[str, Any]) -> tuple[int, float]:
        """Return the status (0: no response) and Retry-After in seconds."""
        # Close the connection: the next person needs a connection from another network.
        headers = {"Content-Type": post["type"], "Accept": "application/json", "Connection": "close"}
        answer = self.client.post(post["path"], data=post["body"], headers=headers, name=post["path"])
        pause = answer.headers.get("Retry-After") if answer.headers else None
        return answer.status_code, float(str(pause or 0))
