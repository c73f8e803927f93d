"""The CDN treats each path as its route is listed. These tests match paths in their own way."""

import re
from typing import Any

import pytest

from chalicelib.edge.route import Cache, Route
from chalicelib.edge.routes import ROUTES
from tests.template.packaged import RESOURCES, of_type

Node = dict[str, Any]
EDGE: Node = RESOURCES["Edge"]["Properties"]["DistributionConfig"]
BEHAVIOURS: list[Node] = EDGE["CacheBehaviors"]
POLICIES = {name: each["CachePolicyConfig"] for name, each in of_type("AWS::CloudFront::CachePolicy").items()}
REQUESTS = of_type("AWS::CloudFront::OriginRequestPolicy")["EdgeRequestPolicy"]["OriginRequestPolicyConfig"]
NOTHING_KEPT = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
every_route = pytest.mark.parametrize("route", ROUTES.values(), ids=lambda route: f"{route.method} {route.path}")
NAMES = {"slug": "safe-children", "name": "site.css", "version": "0a1b2c3d", "token": "eyJ.a-b_c", "code": "k7mp2x"}


def behaviour_of(path: str) -> Node:
    """Return the first behaviour whose pattern matches: * is any text, slashes too, and ? is one character."""
    for each in BEHAVIOURS:
        wild = [{"*": ".*", "?": "."}.get(character, re.escape(character)) for character in each["PathPattern"]]
        if re.fullmatch("".join(wild), path.partition("?")[0], re.DOTALL):
            return each
    found: Node = EDGE["DefaultCacheBehavior"]
    return found


def path_of(route: Route) -> str:
    return re.sub(r"\{(\w+)\}", lambda name: NAMES.get(name[1], "0" * 16), route.path)


def policy_of(behaviour: Node) -> Node | None:
    """Return the behaviour's cache policy; None if it keeps nothing."""
    policy = behaviour["CachePolicyId"]
    return None if policy == NOTHING_KEPT else POLICIES[policy["Ref"]]


def query_of(policy: Node) -> list[str]:
    found: list[str] = policy["ParametersInCacheKeyAndForwardedToOrigin"]["QueryStringsConfig"].get("QueryStrings", [])
    return found


# Each route.


@every_route
def test_each_path_is_kept_as_its_route_is_listed(route: Route) -> None:
    policy = policy_of(behaviour_of(path_of(route)))
    assert (policy is not None) is (route.cache is not Cache.NEVER)
    if policy:
        assert policy["MaxTTL"] >= route.cache.value
        # What is not an asset is never older than the day that stale-if-error allows.
        assert policy["MaxTTL"] == (Cache.YEAR.value if route.cache is Cache.YEAR else 86_400)


@every_route
def test_each_route_gets_its_methods_through(route: Route) -> None:
    assert {*route.methods} <= {*behaviour_of(path_of(route))["AllowedMethods"]}


@every_route
def test_only_cached_pages_have_the_busy_page(route: Route) -> None:
    """It says that nothing was sent: untrue after a signature. And it is HTML: a program wants a problem document."""
    has_it = behaviour_of(path_of(route))["TargetOriginId"] == "Pages"
    pages = {"show_petitions", "show_petition", "show_embed", "show_counter", "show_statement", "show_short_statement"}
    assert has_it is (route.view in pages)


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/petitions/safe-children", ["lang", "preview", "source"]),
        ("/embed/safe-children", ["lang", "source"]),
        ("/", ["lang"]),
        ("/api/petitions/safe-children/count", []),
        ("/assets/site.css", ["v"]),
    ],
)
def test_only_what_the_page_reads_of_the_query_is_in_the_key(path: str, query: list[str]) -> None:
    policy = policy_of(behaviour_of(path))
    assert policy
    assert query_of(policy) == query


@pytest.mark.parametrize(
    "path", ["/nothing", "/api/staff/new-thing", "/wp-login.php", "/petitions", "/ASSETS/site.css"]
)
def test_an_unknown_path_is_not_kept_and_takes_every_method(path: str) -> None:
    assert behaviour_of(path) is EDGE["DefaultCacheBehavior"]
    assert policy_of(EDGE["DefaultCacheBehavior"]) is None


# The key.


def test_nothing_personal_is_in_a_key_and_the_origin_decides_how_long() -> None:
    for policy in POLICIES.values():
        key = policy["ParametersInCacheKeyAndForwardedToOrigin"]
        assert key["CookiesConfig"] == {"CookieBehavior": "none"}
        assert key["HeadersConfig"] == {"HeaderBehavior": "none"}
        assert key["QueryStringsConfig"]["QueryStringBehavior"] in ("none", "whitelist")
        assert (policy["MinTTL"], policy["DefaultTTL"]) == (0, 0)
        assert key["EnableAcceptEncodingGzip"] is key["EnableAcceptEncodingBrotli"] is True


def test_cached_requests_pass_on_nothing_that_is_not_in_the_key() -> None:
    for behaviour in BEHAVIOURS:
        if not behaviour.get("PathPattern", "").endswith(".png"):
            assert ("OriginRequestPolicyId" in behaviour) is (policy_of(behaviour) is None)


def test_only_a_picture_passes_on_what_its_reader_accepts() -> None:
    policy = {"Ref": "EdgePicturePolicy"}
    assert [each["PathPattern"] for each in BEHAVIOURS if each.get("OriginRequestPolicyId") == policy] == [
        "/petitions/*/card.png"
    ]


def test_a_personal_request_passes_on_its_query_and_headers_but_no_cookie_host_or_other_method() -> None:
    """Not a list of what is passed on: CloudFront refuses one that has Authorization."""
    headers = {each.lower() for each in REQUESTS["HeadersConfig"]["Headers"]}
    assert REQUESTS["HeadersConfig"]["HeaderBehavior"] == "allExcept"
    assert REQUESTS["QueryStringsConfig"] == {"QueryStringBehavior": "all"}
    assert REQUESTS["CookiesConfig"] == {"CookieBehavior": "none"}
    assert headers == {"host", "x-http-method-override"}


def test_no_list_of_what_is_passed_on_has_a_header_that_aws_refuses_there() -> None:
    for policy in of_type("AWS::CloudFront::OriginRequestPolicy").values():
        config = policy["OriginRequestPolicyConfig"]["HeadersConfig"]
        refused = {"Authorization", "Accept-Encoding"} if config["HeaderBehavior"] == "whitelist" else set()
        assert not refused & {*config["Headers"]}
