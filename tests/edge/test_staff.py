"""The door for staff: Bob may, Charlie may nothing."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from chalicelib.edge import staff as doors
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
        "GET/api/staff/petitions",
        "GET/api/staff/petitions/*/counts",
        "GET/api/staff/nowhere",
    ]


def test_who_may_only_manage_reads_no_counts(served: Served) -> None:
    token = bobs_token(served.tables, NOW, Right.MANAGE)
    assert allowed(asked(f"Bearer {token}")) == ["GET/api/staff/nowhere"]
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
