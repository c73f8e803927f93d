"""The crowd: the requests that sign and confirm, and people who send them and try again as the site's page does.

One person in five signs or confirms twice.
"""

import asyncio
import json
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple
from urllib.parse import urlencode

import aiohttp

REPEATS_EVERY = 5
# Seconds, as in petition.js.
FIRST_WAIT, SHORTEST_WAIT, LONGEST_WAIT, GIVE_UP = 2.0, 1.0, 30.0, 600.0
_TIMEOUT = aiohttp.ClientTimeout(total=30)


class Post(NamedTuple):
    """A request. `who`: the person's number. `kind`: the type of the content. `good`: the status of success."""

    who: int
    path: str
    kind: str
    body: str
    good: int


class PostAnswer(NamedTuple):
    """An answer. `at`: Unix seconds. `ms`: how long the person has waited so far. `last`: it is not sent again."""

    who: int
    at: float
    status: int
    ms: float
    good: bool
    last: bool


def address(number: int) -> str:
    return f"signer-{number}@example.org"


def posts_to_sign(slug: str, signers: int, later: int) -> list[Post]:
    """Return the posts of the signers. Half of the repeats are double clicks, and half come `later` posts later."""
    positions = [(float(number), number, False) for number in range(signers)]
    for number in range(0, signers, REPEATS_EVERY):
        is_late = number % (2 * REPEATS_EVERY) != 0
        # 0.5: just after the first post, and before the next person's post.
        positions.append((number + 0.5 + (later if is_late else 0), number, True))
    return [_post_to_sign(slug, number, is_again) for _, number, is_again in sorted(positions)]


def posts_to_confirm(links: Sequence[tuple[int, str]]) -> list[Post]:
    """Return the posts that confirm. `links`: each person's number and the token in the link of the person's email."""
    posts: list[Post] = []
    for index, (number, token) in enumerate(links):
        post = Post(number, "/confirm", "application/x-www-form-urlencoded", urlencode({"token": token}), 200)
        posts += [post] * (2 if index % REPEATS_EVERY == 0 else 1)
    return posts


def _post_to_sign(slug: str, number: int, is_again: bool) -> Post:
    signature = {
        "name": f"Amina Okonkwo {'abcdefghij'[number % 10]}",
        "email": f"Signer-{number}+again@Example.ORG" if is_again else address(number),
        "country": ("GB", "GB", "FR", "DE")[number % 4],
        "source": ("bbc-news", "newsletter", "friends")[number % 3],
        "consent": {"sign": True, "updates": number % 2 == 0},
    }
    return Post(number, f"/api/petitions/{slug}/signatures", "application/json", json.dumps(signature), 202)


@dataclass
class Crowd:
    """People who send the posts in a thread of its own: at most `at_once` of them wait for an answer."""

    site: str
    posts: Sequence[Post]
    at_once: int
    pace: float
    answers: list[PostAnswer] = field(default_factory=list)
    settled: int = 0  # posts that will not be sent again

    def __post_init__(self) -> None:
        self._random = Random(1)
        self.thread = threading.Thread(target=lambda: asyncio.run(self._send_all()), daemon=True)
        self.thread.start()

    async def _send_all(self) -> None:
        waiting = deque(self.posts)
        connector = aiohttp.TCPConnector(limit=0, force_close=True)
        async with aiohttp.ClientSession(self.site, timeout=_TIMEOUT, connector=connector) as session:

            async def send_some() -> None:
                while waiting:
                    await asyncio.gather(
                        self._deliver(waiting.popleft(), session), asyncio.sleep(self.at_once / self.pace)
                    )

            await asyncio.gather(*(send_some() for _ in range(self.at_once)))

    async def _deliver(self, post: Post, session: aiohttp.ClientSession) -> None:
        """Send the post until it has a final answer, or GIVE_UP seconds have passed."""
        began, attempt, is_last = time.monotonic(), 0, False
        while not is_last:
            status, retry_after = await _send(post, session)
            waited = time.monotonic() - began
            is_last = not (status in (0, 429) or status >= 500) or waited > GIVE_UP
            ms = round(waited * 1000, 1)
            self.answers.append(PostAnswer(post.who, time.time(), status, ms, status == post.good, is_last))
            if not is_last:
                jitter = self._random.random() * min(LONGEST_WAIT, FIRST_WAIT * 2**attempt)
                await asyncio.sleep(max(SHORTEST_WAIT, retry_after + jitter))
            attempt += 1
        self.settled += 1


async def _send(post: Post, session: aiohttp.ClientSession) -> tuple[int, float]:
    """Return the status (0: no response) and Retry-After in seconds."""
    headers = {"Content-Type": post.kind, "Accept": "application/json"}
    try:
        async with session.post(post.path, data=post.body, headers=headers) as answer:
            await answer.read()
            return answer.status, float(answer.headers.get("Retry-After", 0))
    except (aiohttp.ClientError, TimeoutError):
        return 0, 0.0
