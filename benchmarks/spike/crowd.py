"""Make the posts of the crowd: the requests that sign and confirm. One person in five signs or confirms twice."""

import json
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

REPEATS_EVERY = 5
# Requests of viewers for each post that signs.
VIEWS = 10
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
Post = dict[str, Any]
"""`who`: the person's number. `path`, `type` (of the content), `body`. `good`: the status that means success.

`look`: the paths that viewers open just before this post, if it signs.
"""


def address(number: int) -> str:
    return f"signer-{number}@example.org"


def posts_to_sign(slug: str, signers: int, later: int) -> list[Post]:
    """Return the posts of the signers. One in five signs twice, with another spelling of the address.

    Half of the repeats are double clicks, and half come `later` posts later.
    """
    in_order = sorted(_positions(signers, later))
    return [_post_to_sign(slug, number, is_again) for _, number, is_again in in_order]


def posts_to_confirm(links: Sequence[tuple[int, str]]) -> list[Post]:
    """Return the posts that confirm. One in five people presses the button twice.

    `links`: each person's number and the token in the link of the person's email.
    """
    posts: list[Post] = []
    for index, (number, token) in enumerate(links):
        body = urlencode({"token": token})
        post = {"who": number, "path": "/confirm", "type": FORM, "body": body, "good": 200}
        posts.append(post)
        presses_twice = index % REPEATS_EVERY == 0
        if presses_twice:
            posts.append(post)
    return posts


def _positions(signers: int, later: int) -> Iterator[tuple[float, int, bool]]:
    """Yield for each post its position in the order of sending, the person's number, and whether it is a repeat.

    Every second repeat comes just after the first post. The others come `later` positions later.
    """
    for number in range(signers):
        yield number, number, False
        if number % REPEATS_EVERY == 0:
            position = number + 0.5  # just after the first post, and before the next person's post
            is_late = number % (2 * REPEATS_EVERY) != 0
            if is_late:
                position += later
            yield position, number, True


def _post_to_sign(slug: str, number: int, is_again: bool) -> Post:
    email = f"Signer-{number}+again@Example.ORG" if is_again else address(number)
    signature = {
        "name": f"Amina Okonkwo {'abcdefghij'[number % 10]}",
        "email": email,
        "country": ("GB", "GB", "FR", "DE")[number % 4],
        "source": ("bbc-news", "newsletter", "friends")[number % 3],
        "consent": {"sign": True, "updates": number % 2 == 0},
    }
    post = {"path": f"/api/petitions/{slug}/signatures", "type": JSON, "body": json.dumps(signature)}
    views = [f"/petitions/{slug}?source={signature['source']}", f"/api/petitions/{slug}/count"]
    return {"who": number, **post, "good": 202, "look": views * (VIEWS // len(views))}
