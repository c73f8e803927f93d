"""The crowd, run by Locust: `locust -f` this file. It has a process of its own, because gevent patches its process.

Its environment variables are SPIKE_POSTS, SPIKE_ANSWERS and SPIKE_PACE. It sends the posts in the file SPIKE_POSTS
(JSON lines; crowd.py describes a post). Each Locust user begins at most SPIKE_PACE posts a second. For each answer, it
writes a line into the file SPIKE_ANSWERS (crowd_process.py describes the answers).
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

# Seconds, as in petition.js.
FIRST_WAIT, LONGEST_WAIT, GIVE_UP, TIMEOUT = 2.0, 30.0, 600.0, 15.0


def _posts() -> Iterator[dict[str, Any]]:
    with Path(os.environ["SPIKE_POSTS"]).open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _answers() -> TextIO:
    return Path(os.environ["SPIKE_ANSWERS"]).open("w", encoding="utf-8", buffering=1)


class CrowdWork:
    """What all Locust users share: the posts that nobody has begun to send, and the file for the answers."""

    def __init__(self) -> None:
        self.posts = deque(_posts())
        self.answers = _answers()
        self.random = Random(1)


WORK = CrowdWork()
_network_numbers = count()


def _socket_in_new_network(_: ConnectionPool, *kind: int) -> gevent.socket.socket:
    """Return a new socket with a loopback address in a network of its own, because first emails are limited by network.

    Loopback has no limit, so CrowdGateway (crowd_gateway.py) gives the address another first byte.
    """
    number = next(_network_numbers)
    made = gevent.socket.socket(*kind)
    made.bind((f"127.{1 + number // 256 % 255}.{number % 256}.1", 0))
    return made


ConnectionPool._create_tcp_socket = _socket_in_new_network  # type: ignore[method-assign,assignment]


class Supporter(FastHttpUser):
    """A Locust user, which plays several people, one after the other. They try again as the site's own page does."""

    network_timeout = connection_timeout = TIMEOUT
    wait_time = constant_throughput(float(os.environ["SPIKE_PACE"]))

    @task
    def post(self) -> None:
        if not WORK.posts:
            raise StopUser
        post = WORK.posts.popleft()
        self._deliver(post, self._view(post.get("look", [])))

    def _view(self, paths: list[str]) -> dict[int, int]:
        """Request pages and counts, as viewers do. Return how often each status came."""
        statuses_of_views = Counter[int]()
        for path in paths:
            answer = self.client.get(path, headers={"Accept": "text/html", "Accept-Encoding": "gzip, br"}, name="view")
            statuses_of_views[answer.status_code] += 1
        return statuses_of_views

    def _deliver(self, post: dict[str, Any], statuses_of_views: dict[int, int]) -> None:
        """Send the post until it has a final answer, or GIVE_UP seconds have passed. Write each answer."""
        began = time.monotonic()
        for attempt in range(1_000):
            status, retry_after = self._send(post)
            waited = time.monotonic() - began
            is_temporary = status in (0, 429) or status >= 500
            is_last = not is_temporary or waited > GIVE_UP
            is_good = status == post["good"]
            line = {"who": post["who"], "at": time.time(), "status": status, "ms": round(waited * 1000, 1)}
            line |= {"good": is_good, "last": is_last, "seen": statuses_of_views if is_last else {}}
            WORK.answers.write(json.dumps(line) + "\n")
            if is_last:
                return
            jitter = WORK.random.random() * min(LONGEST_WAIT, FIRST_WAIT * 2**attempt)
            gevent.sleep(max(1.0, retry_after + jitter))

    def _send(self, post: dict[str, Any]) -> tuple[int, float]:
        """Return the status (0: no response) and Retry-After in seconds."""
        # Close the connection, so that the next person gets a new one from another network.
        headers = {"Content-Type": post["type"], "Accept": "application/json", "Connection": "close"}
        answer = self.client.post(post["path"], data=post["body"], headers=headers, name=post["path"])
        retry_after = answer.headers.get("Retry-After") if answer.headers else None
        return answer.status_code, float(str(retry_after or 0))
