"""The authorizer allows a token exactly the routes of its rights."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

import pytest

from chalicelib.core.errors import Unavailable
from chalicelib.core.rights import Right
from chalicelib.edge.route import Access
from chalicelib.edge.routes import all_routes
from chalicelib.staff import authorizer
from tests.actors import NOW, bobs_token
from tests.fake_site import FakeSite, context
from tests.partnering import oaks_token

ARN = "arn:aws:execute-api:eu-west-2:1:abc/site/GET/api/staff/petitions"
INVALID_TOKENS = [
    "",
    "Bearer",
    "Bearer ",
    "Bearer x",
    "Basic Ym9iOng=",
    "Bearer staff_0000_0000",
    "Bearer " + "x" * 5000,
]


def policy_for(authorization: str, arn: str = ARN) -> Mapping[str, Any]:
    event = {"type": "TOKEN", "authorizationToken": authorization, "methodArn": arn}
    policy: Mapping[str, Any] = authorizer.authorizer(event, context())
    return policy


def allowed(token: str, arn: str) -> list[str]:
    """Return the patterns of the policy that a request for this ARN gets."""
    (statement,) = policy_for(f"Bearer {token}", arn)["policyDocument"]["Statement"]
    assert statement["Effect"] == "Allow"
    return list(statement["Resource"])


def is_open(token: str, arn: str) -> bool:
    return any(fnmatchcase(arn, pattern) for pattern in allowed(token, arn))


@pytest.mark.parametrize("authorization", INVALID_TOKENS)
def test_an_invalid_token_raises_exactly_unauthorized(fake_site: FakeSite, authorization: str) -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        policy_for(authorization)


@pytest.mark.parametrize("error", [Unavailable("storage"), KeyError("a bug")])
def test_a_failing_authorizer_logs_an_event_that_has_an_alarm(
    error: Exception, fake_site: FakeSite, caplog: pytest.LogCaptureFixture
) -> None:
    """Lambda counts refused tokens as errors of the function. So its number of errors has no alarm."""
    token = f"Bearer {bobs_token(fake_site.tables)}"
    fake_site.tables.fail_next(error)
    with pytest.raises(type(error)):
        policy_for(token)
    record = caplog.records[-1]
    assert (record.message, vars(record)["measured"]) == ("authorizer_failed", {"Degraded": 1})


def test_an_error_after_the_token_is_known_has_the_same_alarm(
    fake_site: FakeSite, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.staff.authorizer.all_routes", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        policy_for(f"Bearer {bobs_token(fake_site.tables)}")
    assert caplog.records[-1].message == "authorizer_failed"


def test_a_policy_is_not_cached(fake_site: FakeSite) -> None:
    """A cached policy would still apply after its token is revoked."""
    assert authorizer.authorizer.config.ttl_seconds == 0


EVERY_ROUTE = [
    (route.right, method, route.pattern.replace("*", "safe-children"))
    for route in all_routes().values()
    for method in route.methods
    if route.needs_token
]


def _token_with(fake_site: FakeSite, held: Right) -> str:
    if held is Right.PARTNER:
        return oaks_token(fake_site.tables)
    return bobs_token(fake_site.tables, NOW, held)


@pytest.mark.parametrize("held", [*Right, None])
def test_a_route_is_open_only_to_its_right(fake_site: FakeSite, held: Right | None) -> None:
    """Every route with each right, and without a token (OWASP API5): 401 without a token, 403 without the right."""
    token = {"authorization": f"Bearer {_token_with(fake_site, held)}"} if held else {}
    refused = 403 if held else 401
    is_staff = held not in (None, Right.PARTNER)
    for right, method, path in EVERY_ROUTE:
        status = fake_site.client.http.request(method, path, headers=token, body=b"").status_code
        if right is held or (is_staff and right is Access.ANY_STAFF_TOKEN):
            assert status not in (401, 403), f"{method} {path}: {status}"
        else:
            assert status == refused, f"{method} {path}: {status}"


def test_the_policy_has_the_owner_and_rights_as_context(fake_site: FakeSite) -> None:
    token = bobs_token(fake_site.tables, NOW, Right.MANAGE, Right.COUNTS)
    policy = policy_for(f"Bearer {token}")
    assert policy["principalId"] == token.split("_")[1]
    assert policy["context"] == {"owner": "bob", "rights": "counts,manage", "partner": ""}


def test_a_policy_leaves_out_a_pattern_whose_star_would_match_a_slash(fake_site: FakeSite) -> None:
    """In IAM, a star matches slashes: petitions/* would also allow petitions/x/counts."""
    token = bobs_token(fake_site.tables, NOW, Right.MANAGE)
    assert f"{ARN}/*" not in allowed(token, f"{ARN}/safe-children/counts")
    assert f"{ARN}/*" in allowed(token, f"{ARN}/safe-children")


@pytest.mark.parametrize("held", Right)
def test_a_slash_at_the_end_opens_the_same_routes(fake_site: FakeSite, held: Right) -> None:
    """API Gateway ignores the slash when it looks for the route, but not when it compares path and policy."""
    token, base = _token_with(fake_site, held), ARN.removesuffix("GET/api/staff/petitions")
    for _, method, path in EVERY_ROUTE:
        arn = f"{base}{method}{path}"
        assert is_open(token, arn) == is_open(token, f"{arn}/"), arn


@pytest.mark.parametrize("path", ["/api/staff/petitions/", "/api/staff/petitions//", "/api/staff/petitions//counts"])
def test_extra_slashes_do_not_open_the_list_of_counts_to_the_manage_right(fake_site: FakeSite, path: str) -> None:
    token = bobs_token(fake_site.tables, NOW, Right.MANAGE)
    assert not is_open(token, ARN.removesuffix("/api/staff/petitions") + path)
