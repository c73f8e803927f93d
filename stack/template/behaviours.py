"""The behaviours and policies of the CDN (CloudFront), derived from the list of routes.

A behaviour is for the paths that match its pattern. The behaviour says to which origin CloudFront sends requests for
these paths, and what CloudFront caches. CloudFront takes the first behaviour whose pattern matches the path, and *
matches slashes too. So longer patterns come first.
"""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from chalicelib.edge.route import Cache, Route
from chalicelib.edge.routes import all_routes
from stack.template.cfn import Template, ref, resource, sub

API, PAGES = "Api", "Pages"
"""Ids of the targets of these behaviours: the API, and a group of origins that shows the busy page if the API fails."""

# CloudFront accepts three sets of methods. These are the largest and the smallest.
_ALL_METHODS = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]
_READ_METHODS = ["GET", "HEAD"]
# The id of AWS's own cache policy that caches nothing (Managed-CachingDisabled).
_CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
# CloudFront asks for a cached answer again after the maximum of its cache policy. Our answers may be served stale for a
# day (edge/http.py). For files that never change, a day is enough: browsers keep them for a year. An account has only
# twenty cache policies, so files share the policies of pages.
_DAY_SECONDS = 86_400
# Policy names are unique in an account: without the region, the same stage in a second region would collide.
_NAME_PREFIX = "petitions-${Stage}-${AWS::Region}"
# The headers of uncached requests that CloudFront does not pass on: API Gateway refuses an unknown Host, and
# X-HTTP-Method-Override would change the method. All other headers are passed on, because CloudFront refuses a list of
# headers to pass on if it contains Authorization (docs/aws-facts.md).
_NOT_PASSED_ON = ("Host", "X-HTTP-Method-Override")


class CacheRule(NamedTuple):
    """What a cache policy depends on: the query parameters that change the answer."""

    query: Sequence[str]

    @property
    def logical_id(self) -> str:
        names = [name.title() for name in self.query] or ["Path"]
        return f"CacheBy{''.join(names)}"


def cache_rule(route: Route) -> CacheRule | None:
    """Return how the CDN caches the route's answers, or None if the CDN must not cache them."""
    if route.cache is Cache.NEVER:
        return None
    return CacheRule(tuple(sorted(route.query)))


def routes_with_behaviours() -> list[Route]:
    """Return the routes that need a behaviour, in CloudFront's order.

    These are the cached routes, and the uncached routes that the pattern of a cached route matches too. All other
    routes get the default behaviour, which caches nothing.
    """
    cached = [route for route in all_routes().values() if cache_rule(route)]
    uncached = [route for route in all_routes().values() if not cache_rule(route)]
    uncached_but_matched = [route for route in uncached if _is_matched(route, cached)]
    return sorted([*cached, *uncached_but_matched], key=_sort_key)


def _is_matched(route: Route, cached: Sequence[Route]) -> bool:
    """Return whether the pattern of one of the cached routes also matches the paths of this route."""
    return any(fnmatchcase(route.pattern, each.pattern) for each in cached)


def _sort_key(route: Route) -> tuple[int, list[bool]]:
    """Sort patterns with more parts first. If two patterns have equally many parts, a fixed part goes before *."""
    parts = route.pattern.split("/")
    # False sorts before True.
    return -len(parts), [part == "*" for part in parts]


def may_show_busy_page(route: Route) -> bool:
    """Return whether the busy page may replace the route's answer if the API fails: only for pages that are cached.

    The thank-you page is never cached. In its place, the busy page would wrongly say that nothing was sent.
    """
    # All routes that are cached for seconds are pages, except public JSON and files.
    *_, name = route.path.split("/")
    is_public_json = route.allows_any_origin
    is_file = "." in name
    if is_public_json or is_file:
        return False
    return route.cache is Cache.SECONDS


def behaviours() -> list[Template]:
    """Return the behaviours in CloudFront's order. No two of these routes have the same pattern."""
    return [{"PathPattern": route.pattern, **_behaviour(route)} for route in routes_with_behaviours()]


def _behaviour(route: Route) -> Template:
    rule = cache_rule(route)
    if rule is None:
        return uncached_behaviour()
    # PAGES is a group of origins, to which CloudFront allows no POST. All other routes lead to the API itself, with
    # every method, so that the API can answer 405.
    page_target = {"TargetOriginId": PAGES, "AllowedMethods": _READ_METHODS}
    target = page_target if may_show_busy_page(route) else _api_target()
    return {**target, **_usual_properties(), "CachePolicyId": ref(rule.logical_id), **_picture_properties(route)}


def _picture_properties(route: Route) -> Template:
    """Return the policy that passes on `Accept`, if the route is a picture.

    Without `Accept`, the emulator returns base64 instead of bytes. We do not know what API Gateway returns then
    (docs/aws-facts.md).
    """
    return {"OriginRequestPolicyId": ref("EdgePicturePolicy")} if route.path.endswith(".png") else {}


def uncached_behaviour() -> Template:
    """Return the behaviour of all paths whose answers are not cached, with every method."""
    request_policy = {"OriginRequestPolicyId": ref("EdgeRequestPolicy")}
    return {**_api_target(), **_usual_properties(), "CachePolicyId": _CACHING_DISABLED, **request_policy}


def _api_target() -> Template:
    """Return the properties that send requests of every method to the API."""
    return {"TargetOriginId": API, "AllowedMethods": _ALL_METHODS}


def _usual_properties() -> Template:
    return {"CachedMethods": _READ_METHODS, "Compress": True, "ViewerProtocolPolicy": "redirect-to-https"}


def policies() -> Template:
    """Return the cache policies of all routes, and the request policies of uncached routes and of pictures."""
    rules = set()
    for route in all_routes().values():
        rule = cache_rule(route)
        if rule:
            rules.add(rule)
    cache_policies = {rule.logical_id: _cache_policy(rule) for rule in sorted(rules)}
    request_policies = {"EdgeRequestPolicy": _request_policy(), "EdgePicturePolicy": _picture_policy()}
    return {**cache_policies, **request_policies}


def _cache_policy(rule: CacheRule) -> Template:
    listed_parameters = {"QueryStringBehavior": "whitelist", "QueryStrings": [*rule.query]}
    cache_key = {
        "CookiesConfig": {"CookieBehavior": "none"},
        "HeadersConfig": {"HeaderBehavior": "none"},
        "QueryStringsConfig": listed_parameters if rule.query else {"QueryStringBehavior": "none"},
        "EnableAcceptEncodingGzip": True,
        "EnableAcceptEncodingBrotli": True,
    }
    config = {
        "Name": sub(f"{_NAME_PREFIX}-{rule.logical_id}"),
        # The answer's Cache-Control says how long to keep the answer. An answer without Cache-Control is not kept.
        "MinTTL": 0,
        "DefaultTTL": 0,
        "MaxTTL": _DAY_SECONDS,
        "ParametersInCacheKeyAndForwardedToOrigin": cache_key,
    }
    return _edge_resource("CloudFront::CachePolicy", {"CachePolicyConfig": config})


def _request_policy() -> Template:
    """Return the policy that passes on the query and most headers of uncached requests, but no cookies."""
    config = {
        "Name": sub(f"{_NAME_PREFIX}-uncached"),
        "CookiesConfig": {"CookieBehavior": "none"},
        "HeadersConfig": {"HeaderBehavior": "allExcept", "Headers": [*_NOT_PASSED_ON]},
        "QueryStringsConfig": {"QueryStringBehavior": "all"},
    }
    return _edge_resource("CloudFront::OriginRequestPolicy", {"OriginRequestPolicyConfig": config})


def _picture_policy() -> Template:
    """Return the policy that passes on Accept (the reason is in `_picture_properties`).

    A picture is the same for every Accept, so Accept is not in the cache key.
    """
    config = {
        "Name": sub(f"{_NAME_PREFIX}-pictures"),
        "CookiesConfig": {"CookieBehavior": "none"},
        "HeadersConfig": {"HeaderBehavior": "whitelist", "Headers": ["Accept"]},
        "QueryStringsConfig": {"QueryStringBehavior": "none"},
    }
    return _edge_resource("CloudFront::OriginRequestPolicy", {"OriginRequestPolicyConfig": config})


def _edge_resource(kind: str, properties: Template) -> Template:
    """Return a resource that exists only if the stack has a CDN."""
    return resource(kind, properties, Condition="HasEdge")
