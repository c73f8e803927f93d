"""How the CDN treats each path: its behaviours and cache policies, derived from the list of routes.

CloudFront takes the first behaviour whose pattern matches, and * matches slashes too. So longer patterns come first.
"""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from chalicelib.edge.route import Cache, Route
from chalicelib.edge.routes import ROUTES
from stack.template.cfn import Template, ref, resource, sub

API, PAGES = "Api", "Pages"
"""Ids of the API as an origin, and of the group that has the busy page behind the API."""

# CloudFront knows three sets of methods.
_ALL_METHODS = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]
_READ_METHODS = ["GET", "HEAD"]
# AWS's policy that caches nothing (Managed-CachingDisabled).
_CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
# CloudFront deletes an answer after the policy's maximum. Answers may be served stale for a day (edge/http.py), so the
# maximum is a day or more. In seconds.
_A_DAY = 86_400
# Policy names are unique in an account: without the region, the same stage in a second region would collide.
_NAME_PREFIX = "petitions-${Stage}-${AWS::Region}"
# API Gateway refuses an unknown Host, and X-HTTP-Method-Override would change the method. Where nothing is cached, all
# other headers are passed on: CloudFront refuses Authorization in a list of headers to pass on (docs/aws-facts.md).
_NOT_PASSED_ON = ("Host", "X-HTTP-Method-Override")


class CacheRule(NamedTuple):
    """What a cache policy depends on: its maximum time, and the query's keys that change the answer."""

    max_seconds: int
    query: Sequence[str]

    @property
    def logical_id(self) -> str:
        names = "".join(name.title() for name in self.query) or "Path"
        return f"CacheFor{'AYear' if self.max_seconds > _A_DAY else 'ADay'}By{names}"


def cache_rule(route: Route) -> CacheRule | None:
    """Return how the CDN caches the route's answers; None if it must not cache them."""
    if route.cache is Cache.NEVER:
        return None
    return CacheRule(max(route.cache.value, _A_DAY), tuple(sorted(route.query)))


def routes_with_behaviours() -> list[Route]:
    """Return the routes that need a behaviour, in CloudFront's order.

    These are the cached routes, and the other routes that the pattern of a cached route matches too.
    """
    cached = [route for route in ROUTES.values() if cache_rule(route)]
    hidden = [
        route for route in ROUTES.values() if not cache_rule(route) and any(_hides(each, route) for each in cached)
    ]
    return sorted([*cached, *hidden], key=_sort_key)


def _hides(cached: Route, other: Route) -> bool:
    """Return whether the cached route's pattern matches the other route too."""
    return fnmatchcase(other.pattern, cached.pattern)


def _sort_key(route: Route) -> tuple[int, list[bool]]:
    parts = route.pattern.split("/")
    return -len(parts), [part == "*" for part in parts]


def is_page(route: Route) -> bool:
    """Return whether people open the route in a browser, so that the busy page may replace it.

    The thank-you page is not included: the busy page would wrongly say that nothing was sent.
    """
    *_, name = route.path.split("/")
    return route.cache is Cache.SECONDS and not route.any_origin and "." not in name


def behaviours() -> list[Template]:
    """Return the behaviours in their order. No two have the same pattern."""
    by_pattern: dict[str, Template] = {}
    for route in routes_with_behaviours():
        by_pattern.setdefault(route.pattern, {"PathPattern": route.pattern, **_behaviour(route)})
    return [*by_pattern.values()]


def _behaviour(route: Route) -> Template:
    rule = cache_rule(route)
    if rule is None:
        return uncached_behaviour()
    # A behaviour of an origin group takes no POST. Others take every method, so that the API can answer 405.
    target = {"TargetOriginId": PAGES, "AllowedMethods": _READ_METHODS} if is_page(route) else _api_target()
    return {**target, **_usual_properties(), "CachePolicyId": ref(rule.logical_id), **_picture_properties(route)}


def _picture_properties(route: Route) -> Template:
    """Return the policy that passes on `Accept` for pictures. Without `Accept`, API Gateway returns no bytes."""
    return {"OriginRequestPolicyId": ref("EdgePicturePolicy")} if route.path.endswith(".png") else {}


def uncached_behaviour() -> Template:
    """Return the behaviour of all routes that write or are personal: every method, and no cache."""
    request = {"OriginRequestPolicyId": ref("EdgeRequestPolicy")}
    return {**_api_target(), **_usual_properties(), "CachePolicyId": _CACHING_DISABLED, **request}


def _api_target() -> Template:
    """Return the properties that send requests of every method to the API."""
    return {"TargetOriginId": API, "AllowedMethods": _ALL_METHODS}


def _usual_properties() -> Template:
    return {"CachedMethods": _READ_METHODS, "Compress": True, "ViewerProtocolPolicy": "redirect-to-https"}


def policies() -> Template:
    """Return the cache policies of all routes, and the request policies of uncached routes and of pictures."""
    rules = sorted({rule for route in ROUTES.values() if (rule := cache_rule(route))})
    requests = {"EdgeRequestPolicy": _request_policy(), "EdgePicturePolicy": _picture_policy()}
    return {**dict(_cache_policy(rule) for rule in rules), **requests}


def _cache_policy(rule: CacheRule) -> tuple[str, Template]:
    names = {"QueryStringBehavior": "whitelist", "QueryStrings": [*rule.query]}
    key = {
        "CookiesConfig": {"CookieBehavior": "none"},
        "HeadersConfig": {"HeaderBehavior": "none"},
        "QueryStringsConfig": names if rule.query else {"QueryStringBehavior": "none"},
        "EnableAcceptEncodingGzip": True,
        "EnableAcceptEncodingBrotli": True,
    }
    config = {
        "Name": sub(f"{_NAME_PREFIX}-{rule.logical_id}"),
        # The answer's Cache-Control decides. An answer without Cache-Control is not kept.
        "MinTTL": 0,
        "DefaultTTL": 0,
        "MaxTTL": rule.max_seconds,
        "ParametersInCacheKeyAndForwardedToOrigin": key,
    }
    return rule.logical_id, _edge_resource("CloudFront::CachePolicy", {"CachePolicyConfig": config})


def _request_policy() -> Template:
    config = {
        "Name": sub(f"{_NAME_PREFIX}-uncached"),
        "CookiesConfig": {"CookieBehavior": "none"},
        "HeadersConfig": {"HeaderBehavior": "allExcept", "Headers": [*_NOT_PASSED_ON]},
        "QueryStringsConfig": {"QueryStringBehavior": "all"},
    }
    return _edge_resource("CloudFront::OriginRequestPolicy", {"OriginRequestPolicyConfig": config})


def _picture_policy() -> Template:
    """Return the policy that passes Accept on. Accept does not change a picture, so it is not in the cache key."""
    config = {
        "Name": sub(f"{_NAME_PREFIX}-pictures"),
        "CookiesConfig": {"CookieBehavior": "none"},
        "HeadersConfig": {"HeaderBehavior": "whitelist", "Headers": ["Accept"]},
        "QueryStringsConfig": {"QueryStringBehavior": "none"},
    }
    return _edge_resource("CloudFront::OriginRequestPolicy", {"OriginRequestPolicyConfig": config})


def _edge_resource(kind: str, properties: Template) -> Template:
    """Return a resource that exists only if the CDN does."""
    return resource(kind, properties, Condition="HasEdge")
