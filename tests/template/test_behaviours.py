"""The CDN treats each path as edge/routes.py declares. The tests match paths with code of their own."""

import re
from typing import Any

import pytest

from chalicelib.edge.route import Cache, Route
from chalicelib.edge.routes import all_routes
from tests.template.packaged import RESOURCES, of_type

Node = dict[str, Any]
DISTRIBUTION: Node = RESOURCES["Edge"]["Properties"]["DistributionConfig"]
BEHAVIOURS: list[Node] = DISTRIBUTION["CacheBehaviors"]
POLICIES = {name: each["CachePolicyConfig"] for name, each in of_type("AWS::CloudFront::CachePolicy").items()}
REQUEST_POLICY = of_type("AWS::CloudFront::OriginRequestPolicy")["EdgeRequestPolicy"]["OriginRequestPolicyConfig"]
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
every_route = pytest.mark.parametrize("route", all_routes().values(), ids=lambda route: f"{route.method} {route.path}")
NAMES = {"slug": "safe-children", "name": "site.css", "version": "0a1b2c3d", "token": "eyJ.a-b_c", "code": "k7mp2x"}


def behaviour_of(path: str) -> Node:
    """Return the first behaviour whose pattern matches."""
    path_without_query = path.partition("?")[0]
    for behaviour in BEHAVIOURS:
        expression = expression_of(behaviour["PathPattern"])
        if re.fullmatch(expression, path_without_query, re.DOTALL):
            return behaviour
    found: Node = DISTRIBUTION["DefaultCacheBehavior"]
    return found


def expression_of(pattern: str) -> str:
    """Return CloudFront's pattern as a regular expression: * is any text, also with slashes, and ? is one character."""
    return re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")


def path_of(route: Route) -> str:
    return re.sub(r"\{(\w+)\}", lambda name: NAMES.get(name[1], "0" * 16), route.path)


def policy_of(behaviour: Node) -> Node | None:
    """Return the behaviour's cache policy; None if it caches nothing."""
    policy = behaviour["CachePolicyId"]
    return None if policy == CACHING_DISABLED else POLICIES[policy["Ref"]]


def query_keys_of(policy: Node) -> list[str]:
    found: list[str] = policy["ParametersInCacheKeyAndForwardedToOrigin"]["QueryStringsConfig"].get("QueryStrings", [])
    return found


# Routes.


@every_route
def test_each_path_is_cached_as_its_route_declares(route: Route) -> None:
    policy = policy_of(behaviour_of(path_of(route)))
    assert (policy is not None) is (route.cache is not Cache.NEVER)
    if policy:
        # The day that stale-if-error allows. The browser keeps an asset for a year nevertheless.
        assert policy["MaxTTL"] == 86_400


@every_route
def test_cloudfront_passes_on_the_methods_of_each_route(route: Route) -> None:
    assert {*route.methods} <= {*behaviour_of(path_of(route))["AllowedMethods"]}


@every_route
def test_only_cached_pages_have_the_busy_page(route: Route) -> None:
    """The busy page says that nothing was sent, which may be untrue after signing. Programs need JSON, not HTML."""
    has_busy_page = behaviour_of(path_of(route))["TargetOriginId"] == "Pages"
    pages = {
        "show_petitions",
        "show_petition",
        "show_screen",
        "show_embed",
        "show_counter",
        "show_statement",
        "show_short_statement",
    }
    assert has_busy_page is (route.view in pages)


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
def test_the_cache_key_has_only_the_query_keys_that_the_page_reads(path: str, query: list[str]) -> None:
    policy = policy_of(behaviour_of(path))
    assert policy
    assert query_keys_of(policy) == query


@pytest.mark.parametrize(
    "path", ["/nothing", "/api/staff/new-thing", "/wp-login.php", "/petitions", "/ASSETS/site.css"]
)
def test_an_unknown_path_is_not_cached_and_every_method_is_passed_on(path: str) -> None:
    assert behaviour_of(path) is DISTRIBUTION["DefaultCacheBehavior"]
    assert policy_of(DISTRIBUTION["DefaultCacheBehavior"]) is None


# Cache keys and origin requests.


def test_no_cache_key_has_personal_values_and_the_origin_decides_the_lifetime() -> None:
    for policy in POLICIES.values():
        key = policy["ParametersInCacheKeyAndForwardedToOrigin"]
        assert key["CookiesConfig"] == {"CookieBehavior": "none"}
        assert key["HeadersConfig"] == {"HeaderBehavior": "none"}
        assert key["QueryStringsConfig"]["QueryStringBehavior"] in ("none", "whitelist")
        assert (policy["MinTTL"], policy["DefaultTTL"]) == (0, 0)
        assert key["EnableAcceptEncodingGzip"] is key["EnableAcceptEncodingBrotli"] is True


def test_cached_requests_pass_on_nothing_that_is_not_in_the_key() -> None:
    for behaviour in BEHAVIOURS:
        is_answered_here = "FunctionAssociations" in behaviour
        if behaviour["PathPattern"].endswith((".png", ".pdf")):  # Bytes need `Accept`, of which the answer is the same.
            assert behaviour["OriginRequestPolicyId"] == {"Ref": "EdgePicturePolicy"}
        elif not is_answered_here:
            assert ("OriginRequestPolicyId" in behaviour) is (policy_of(behaviour) is None)


def test_a_personal_request_passes_on_its_query_and_headers_but_no_cookie_host_or_other_method() -> None:
    """The policy lists the headers that are not passed on: CloudFront refuses a list that has Authorization."""
    headers = {each.lower() for each in REQUEST_POLICY["HeadersConfig"]["Headers"]}
    assert REQUEST_POLICY["HeadersConfig"]["HeaderBehavior"] == "allExcept"
    assert REQUEST_POLICY["QueryStringsConfig"] == {"QueryStringBehavior": "all"}
    assert REQUEST_POLICY["CookiesConfig"] == {"CookieBehavior": "none"}
    assert headers == {"host", "x-http-method-override"}


def test_no_list_of_headers_to_pass_on_has_a_header_that_aws_refuses() -> None:
    for policy in of_type("AWS::CloudFront::OriginRequestPolicy").values():
        config = policy["OriginRequestPolicyConfig"]["HeadersConfig"]
        refused = {"Authorization", "Accept-Encoding"} if config["HeaderBehavior"] == "whitelist" else set()
        assert not refused & {*config["Headers"]}
