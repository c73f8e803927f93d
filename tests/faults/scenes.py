"""Scenes: how each handler is called, and what must be true afterwards.

`act` returns whether the handler succeeded. It fails if the handler neither succeeds nor asks for a retry.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.core import keys, tokens
from chalicelib.core.times import iso
from chalicelib.core.tokens import Purpose
from chalicelib.edge.batch import BatchFailed, RunFailed
from chalicelib.signatures.withdraw import withdraw
from chalicelib.tallies.count import Days, breakdowns, exact_count
from tests.actors import (
    DAY,
    NOW,
    TOKEN_KEYS,
    a_petition,
    change_item,
    confirmed,
    identity_of,
    item_of,
    key_of,
    signed,
    subject_of,
)  # fmt: skip
from tests.fake_site import FakeSite, schedule_event

PETITION = a_petition()
KEY = key_of(PETITION, identity_of(PETITION))
SUBJECT = subject_of(PETITION, KEY.sk)
LATER = timedelta(hours=2)
Act = Callable[[FakeSite], bool]
Then = Callable[[FakeSite], None]


@dataclass(frozen=True)
class Scene:
    """A handler, by its name in app.py. `retry_after`: until the caller retries. `sends`: whether a sender sends."""

    handler: str
    before: Callable[[FakeSite], object]
    act: Act
    then: Then
    retry_after: timedelta = timedelta(seconds=11)
    sends: bool = True

    def __str__(self) -> str:
        return f"{self.handler}-{self.before.__name__}"


def few_partitions(patch: pytest.MonkeyPatch) -> None:
    """Give a petition four partitions instead of 64, Alice's among them. Each is handled like the others."""
    alices = keys.BUCKETS.index(keys.bucket_of(KEY.sk))
    patch.setattr(keys, "BUCKETS", keys.BUCKETS[alices - alices % 4 :][:4])
    assert key_of(PETITION, KEY.sk) == KEY


def has_status(answer: Any, good: int) -> bool:
    """Return whether the answer has this status. Otherwise assert that it is 503 with Retry-After."""
    assert answer.status_code in (good, 503)
    if answer.status_code == 503:
        assert int(answer.headers["Retry-After"]) > 0
    return bool(answer.status_code == good)


def get(path: str, fake_site: FakeSite) -> bool:
    return has_status(fake_site.get(path), 200)


def link(purpose: Purpose, *, ends: timedelta = 900 * DAY) -> str:
    return f"/{purpose}?token={tokens.issue(purpose, SUBJECT, NOW + ends, TOKEN_KEYS)}"


def post(path: str, fields: dict[str, str], good: int, fake_site: FakeSite) -> bool:
    return has_status(fake_site.post_form(path, fields), good)


def run(function: str, event: Callable[[FakeSite], dict[str, Any]], fake_site: FakeSite) -> bool:
    try:
        fake_site.invoke(function, event(fake_site))
    except (BatchFailed, RunFailed):
        return False
    return True


def deliver(function: str, messages: Callable[[FakeSite], list[Any]], fake_site: FakeSite) -> bool:
    return fake_site.deliver(function, messages(fake_site)) == []


def counted_right(fake_site: FakeSite) -> None:
    """Assert that the total and every breakdown equal the number of confirmed signatures."""
    items = [item for key, item in fake_site.tables.items.items() if key.table == keys.SIGNATURES]
    number = sum(item["state"] == "confirmed" for item in items)
    counted = {"total": exact_count(PETITION, fake_site.clock(), fake_site.tables).confirmed}
    for found in breakdowns(PETITION, Days(), fake_site.clock(), fake_site.tables):
        counted |= {found.by: found.confirmed, f"values of {found.by}": sum(found.values.values())}
    assert set(counted.values()) == {number}, f"{number} signatures are confirmed, counted are {counted}"


def is_now(state: str, fake_site: FakeSite) -> None:
    assert item_of(fake_site.tables, PETITION, KEY.sk)["state"] == state
    counted_right(fake_site)


# The state before the call.
def nothing(fake_site: FakeSite) -> None:
    """Only the petition exists."""


def alice_pending(fake_site: FakeSite) -> None:
    signed(fake_site.tables, PETITION)


def alice_confirmed(fake_site: FakeSite) -> None:
    confirmed(fake_site.tables, PETITION)


def alice_withdrawn(fake_site: FakeSite) -> None:
    alice_confirmed(fake_site)
    withdraw(KEY, PETITION, NOW, fake_site.tables)


def alice_taken_back(fake_site: FakeSite) -> None:
    """Staff undid the import that brought her."""
    alice_withdrawn(fake_site)
    change_item(fake_site.tables, PETITION, KEY.sk, taken_back_at=iso(NOW))


def counted_days_ago(fake_site: FakeSite) -> None:
    """There are days to close, and the snapshot is stale."""
    confirmed(fake_site.tables, PETITION, now=NOW - 2 * DAY)


_schedule = lambda _: schedule_event()  # noqa: E731
SIX_MINUTES = timedelta(minutes=6)
