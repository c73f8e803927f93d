"""Scenes: how each handler is called, and what must be true afterwards.

`with_…` functions make the state before the call. `act` returns whether the handler succeeded, and fails if the answer
is neither a success nor a retry. `assert_…` functions check what must be true afterwards.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from chalicelib.core import keys, tokens
from chalicelib.core.errors import Unavailable
from chalicelib.core.rights import Right
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
)
from tests.fake_site import JSON, FakeSite, context, schedule_event

PETITION = a_petition()
KEY = key_of(PETITION, identity_of(PETITION))
SUBJECT = subject_of(PETITION, KEY.sk)
SIX_MINUTES, TWO_HOURS = timedelta(minutes=6), timedelta(hours=2)
Act = Callable[[FakeSite], bool]
State = Callable[[FakeSite], None]


@dataclass(frozen=True)
class Scene:
    """`handler`: its name in app.py. `retry_after`: until the caller retries. `sends`: how many emails."""

    handler: str
    before: State
    act: Act
    then: State
    retry_after: timedelta = timedelta(seconds=11)
    sends: int = 1

    def __str__(self) -> str:
        return f"{self.handler}-{self.before.__name__}"


def has_status(answer: Any, *successes: int) -> bool:
    """Return whether the answer has one of these statuses. If not, assert that it is None, or 503 with Retry-After."""
    if answer is None:
        return False
    assert answer.status_code in (*successes, 503)
    if answer.status_code == 503:
        assert int(answer.headers["Retry-After"]) > 0
    return answer.status_code in successes


def request_with(token: str, method: str, path: str, body: bytes, fake_site: FakeSite, **headers: str) -> Any:
    """Return the answer; None if AWS fails in the authorizer, for which API Gateway answers 503."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": JSON, **headers}
    try:
        return fake_site.client.http.request(method, path, headers=headers, body=body)
    except Unavailable:
        return None


def get(path: str, fake_site: FakeSite) -> bool:
    return has_status(fake_site.get(path), 200)


def link(purpose: Purpose, *, ends: timedelta = 900 * DAY) -> str:
    return f"/{purpose}?token={tokens.issue(purpose, SUBJECT, NOW + ends, TOKEN_KEYS)}"


def post(path: str, fields: dict[str, str], success: int, fake_site: FakeSite) -> bool:
    return has_status(fake_site.post_form(path, fields), success)


def path_parameters(route: str, path: str) -> dict[str, str]:
    """Return the parts of the path by their names in the route: `/api/{slug}` has the parameter `slug`."""
    parameters: dict[str, str] = {}
    for name, value in zip(route.split("/"), path.split("/"), strict=True):
        if name.startswith("{"):
            parameters[name.strip("{}")] = value
    return parameters


def invoke_route(function: str, route: str, path: str, fake_site: FakeSite, **query: str) -> bool:
    """Call a function as API Gateway does, after the authorizer has accepted a token with every right."""
    event: dict[str, Any] = {
        "requestContext": {
            "httpMethod": "GET", "resourcePath": route, "path": path,
            "authorizer": {"principalId": "0" * 16, "owner": "bob", "rights": ",".join(Right)},
        },
        "headers": {}, "stageVariables": {}, "body": None,
        "multiValueQueryStringParameters": {name: [value] for name, value in query.items()},
        "pathParameters": path_parameters(route, path), "isBase64Encoded": False,
    }  # fmt: skip
    status: int = fake_site.invoke(function, event)["statusCode"]
    assert status in (200, 503)
    return status == 200


def run(function: str, event: Callable[[FakeSite], dict[str, Any]], fake_site: FakeSite) -> bool:
    try:
        fake_site.invoke(function, event(fake_site))
    except (BatchFailed, RunFailed):
        return False
    return True


def schedule(_: FakeSite) -> dict[str, Any]:
    return schedule_event()


def deliver(function: str, messages: Callable[[FakeSite], list[Any]], fake_site: FakeSite) -> bool:
    return fake_site.deliver(function, messages(fake_site)) == []


def assert_exact_counts(fake_site: FakeSite) -> None:
    """Assert that the total and every breakdown equal the number of confirmed signatures."""
    items = [item for key, item in fake_site.tables.items.items() if key.table == keys.SIGNATURES]
    number = sum(item["state"] == "confirmed" for item in items)
    counts = {"total": exact_count(PETITION, fake_site.clock(), fake_site.tables).confirmed}
    for breakdown in breakdowns(PETITION, Days(), fake_site.clock(), fake_site.tables):
        values = sum(breakdown.values.values())
        counts |= {breakdown.by: breakdown.confirmed, f"values of {breakdown.by}": values}
    assert set(counts.values()) == {number}, f"{number} signatures are confirmed, but the counts are {counts}"


def assert_bucket_is_empty(fake_site: FakeSite) -> None:
    assert not fake_site.bucket.objects


def assert_alices_state(state: str, fake_site: FakeSite) -> None:
    assert item_of(fake_site.tables, PETITION, KEY.sk)["state"] == state
    assert_exact_counts(fake_site)


def is_authorized(
    authorizer: Callable[..., Any], event: Callable[[FakeSite], dict[str, str]], fake_site: FakeSite
) -> bool:
    """Return whether the authorizer lets the caller in. If AWS fails, API Gateway answers 503, not "Unauthorized"."""
    try:
        policy = authorizer(
            {"methodArn": "arn:aws:execute-api:eu-west-2:1:abc/site/GET/", **event(fake_site)}, context()
        )
    except Unavailable:
        return False
    return bool(policy["policyDocument"]["Statement"][0]["Effect"] == "Allow")


def together(*states: State) -> State:
    """Return a state that consists of several."""

    def before(fake_site: FakeSite) -> None:
        for state in states:
            state(fake_site)

    before.__name__ = "_and_".join(state.__name__ for state in states)
    return before


def nothing(fake_site: FakeSite) -> None:
    """Only the petition exists."""


def with_alice_pending(fake_site: FakeSite) -> None:
    signed(fake_site.tables, PETITION)


def with_alice_confirmed(fake_site: FakeSite) -> None:
    confirmed(fake_site.tables, PETITION)


def with_alice_withdrawn(fake_site: FakeSite) -> None:
    with_alice_confirmed(fake_site)
    withdraw(KEY, PETITION, NOW, fake_site.tables)


def with_alice_taken_back(fake_site: FakeSite) -> None:
    """Staff undid the import that Alice came with."""
    with_alice_withdrawn(fake_site)
    change_item(fake_site.tables, PETITION, KEY.sk, taken_back_at=iso(NOW))


def with_past_days(fake_site: FakeSite) -> None:
    """Alice confirmed two days ago: there are days to close, and the snapshot is stale."""
    confirmed(fake_site.tables, PETITION, now=NOW - 2 * DAY)
