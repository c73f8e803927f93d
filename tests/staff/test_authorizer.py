"""The door for staff: Bob may, Charlie may nothing."""

import json
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

import pytest
from chalice.app import AuthRoute

from chalicelib.staff import authorizer as doors
from chalicelib.staff.model import Right
from tests.actors import DAY, NOW, bobs_token
from tests.served import Served, context

ARN = "arn:aws:execute-api:eu-west-2:1:abc/site/GET/api/staff/petitions"
STAFF = ["/api/staff/petitions", "/api/staff/petitions/safe-children/counts"]
NOT_TOKENS = ["", "Bearer", "Bearer ", "Bearer x", "Basic Ym9iOng=", "Bearer staff_0000_0000", "Bearer " + "x" * 5000]


def asked(authorization: str) -> Mapping[str, Any]:
    event = {"type": "TOKEN", "authorizationToken": authorization, "methodArn": ARN}
    policy: Mapping[str, Any] = doors.staff_authorizer(event, context())
    return policy


def allowed(policy: Mapping[str, Any]) -> list[str]:
    (statement,) = policy["policyDocument"]["Statement"]
    assert statement["Effect"] == "Allow"
    return [resource.partition("/site/")[2] for resource in statement["Resource"]]


def test_bob_may_read_counts_and_nothing_else(served: Served) -> None:
    assert allowed(asked(f"Bearer {bobs_token(served.tables)}")) == [
        *_read("/api/staff/petitions"),
        *_read("/api/staff/petitions/*/counts"),
        "POST/api/staff/petitions/*/statements",
        *_read("/api/staff/health"),
        *_read("/api/staff/petitions/*/funnel"),
        *_read("/api/staff/me"),
    ]


def _read(path: str) -> tuple[str, str]:
    """Who may GET may HEAD."""
    return f"GET{path}", f"HEAD{path}"


def test_who_may_only_manage_reads_no_counts(served: Served) -> None:
    token = bobs_token(served.tables, NOW, Right.MANAGE)
    assert "GET/api/staff/petitions" not in allowed(asked(f"Bearer {token}"))
    assert not [each for each in allowed(asked(f"Bearer {token}")) if each.endswith("/counts")]
    for path in STAFF:
        assert served.get(path, authorization=f"Bearer {token}").status_code == 403


@pytest.mark.parametrize("authorization", NOT_TOKENS)
def test_charlie_gets_exactly_the_word_that_is_a_401(served: Served, authorization: str) -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        asked(authorization)


def test_a_token_ends_when_it_ends(served: Served) -> None:
    token = f"Bearer {bobs_token(served.tables)}"
    served.clock.forward(DAY)
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        asked(token)


def test_a_policy_is_for_this_call_alone(served: Served) -> None:
    """A cached one would outlive a revoked token."""
    assert doors.staff_authorizer.config.ttl_seconds == 0


@pytest.mark.parametrize("path", STAFF)
def test_bob_is_served(served: Served, path: str) -> None:
    answer = served.get(path, authorization=f"Bearer {bobs_token(served.tables)}")
    assert answer.status_code == 200
    assert json.loads(answer.body)


def concrete(route: AuthRoute) -> str:
    return route.path.replace("*", "safe-children")


EVERY_ROUTE = [
    (right, method, concrete(route)) for right in Right for route in doors.ROUTES[right] for method in route.methods
]


@pytest.mark.parametrize("held", [*Right, None])
@pytest.mark.parametrize(("right", "method", "path"), EVERY_ROUTE)
def test_a_route_opens_to_its_right_and_to_no_other(
    served: Served, right: Right, method: str, path: str, held: Right | None
) -> None:
    """The table of every route × every right × none (OWASP API5): 401 without a token, 403 without the right."""
    token = {"authorization": f"Bearer {bobs_token(served.tables, NOW, held)}"} if held else {}
    answer = served.client.http.request(method, path, headers=token, body=b"")
    opened = answer.status_code not in (401, 403)
    assert opened is (held is right)
    if not held:
        assert answer.status_code == 401


def test_the_authorizer_tells_who_it_let_in(served: Served) -> None:
    token = bobs_token(served.tables, NOW, Right.MANAGE, Right.COUNTS)
    policy = asked(f"Bearer {token}")
    assert policy["principalId"] == token.split("_")[1]
    assert policy["context"] == {"owner": "bob", "rights": "counts,manage"}


def test_a_star_does_not_go_over_a_slash(served: Served) -> None:
    """To IAM it does: who may read petitions/* would read petitions/x/counts, too."""
    token = bobs_token(served.tables, NOW, Right.MANAGE)
    counts = {"authorizationToken": f"Bearer {token}", "methodArn": f"{ARN}/safe-children/counts", "type": "TOKEN"}
    policy: Mapping[str, Any] = doors.staff_authorizer(counts, context())
    assert "GET/api/staff/petitions/*" not in allowed(policy)
    one = {**counts, "methodArn": f"{ARN}/safe-children"}
    assert "GET/api/staff/petitions/*" in allowed(doors.staff_authorizer(one, context()))


@pytest.mark.parametrize("path", ["/api/staff/petitions/", "/api/staff/petitions//", "/api/staff/petitions//counts"])
def test_a_slash_at_the_end_opens_no_list_of_numbers_to_who_may_only_manage(served: Served, path: str) -> None:
    token = bobs_token(served.tables, NOW, Right.MANAGE)
    arn = ARN.removesuffix("/api/staff/petitions") + path
    event = {"type": "TOKEN", "authorizationToken": f"Bearer {token}", "methodArn": arn}
    policy = doors.staff_authorizer(event, context())
    assert not [each for each in policy["policyDocument"]["Statement"][0]["Resource"] if fnmatchcase(arn, each)]
