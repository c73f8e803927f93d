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
_ALL = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]
_READ = ["GET", "HEAD"]
_CACHED = ["GET", "HEAD"]
# AWS's policy that caches nothing (Managed-CachingDisabled).
_NOTHING = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
# What may be stale for a day (edge/http.py) must be kept for a day: nothing stale is left after the maximum.
_A_DAY = 86_400
# CloudFront has one list of policies for an account: without the region, a stage in a second region would collide.
_NAME = "petitions-${Stage}-${AWS::Region}"
# API Gateway refuses a host that it does not know, and obeys the other. All other headers are passed on where nothing
# is cached: CloudFront refuses Authorization in a list of what to pass on (docs/aws-facts.md).
_NOT_PASSED_ON = ("Host", "X-HTTP-Method-Override")


class CacheRule(NamedTuple):
    """What a cache policy depends on: the longest time in seconds, and the query's keys that change the answer."""

    longest: int
    query: Sequence[str]

    @property
    def logical_id(self) -> str:
        names = "".join(name.title() for name in self.query) or "Path"
        return f"CacheFor{'AYear' if self.longest > _A_DAY else 'ADay'}By{names}"


def cache_rule(route: Route) -> CacheRule | None:
    """Return how the CDN caches the route's answers; None if it must not cache them."""
    if route.cache is Cache.NEVER:
        return None
    return CacheRule(max(route.cache.value, _A_DAY), tuple(sorted(route.query)))


def routes_with_behaviours() -> list[Route]:
    """Return the routes that need a behaviour, in CloudFront's order: the cached ones, and what they would hide."""
    cached = [route for route in ROUTES.values() if cache_rule(route)]
    hidden = [
        route for route in ROUTES.values() if not cache_rule(route) and any(_hides(each, route) for each in cached)
    ]
    return sorted([*cached, *hidden], key=_order)


def _hides(cached: Route, other: Route) -> bool:
    """Return whether the cached route's pattern matches the other route too."""
    return fnmatchcase(other.pattern, cached.pattern)


def _order(route: Route) -> tuple[int, list[bool]]:
    parts = route.pattern.split("/")
    return -len(parts), [part == "*" for part in parts]


def is_page(route: Route) -> bool:
    """Return whether people open the route in a browser, so that the busy page may replace it.

    Except the thank-you page: the busy page would wrongly say that nothing was sent.
    """
    *_, name = route.path.split("/")
    return route.cache is Cache.SECONDS and not route.any_origin and "." not in name


def behaviours() -> list[Template]:
    """Return the behaviours in their order. No two have the same pattern."""
    found: dict[str, Template] = {}
    for route in routes_with_behaviours():
        found.setdefault(route.pattern, {"PathPattern": route.pattern, **_behaviour(route)})
    return [*found.values()]


def _behaviour(route: Route) -> Template:
    rule = cache_rule(route)
    if rule is None:
        return uncached()
    # A behaviour of an origin group takes no POST. Others take every method, so that the API can answer 405.
    target = {"TargetOriginId": PAGES, "AllowedMethods": _READ} if is_page(route) else _to_api()
    return {**target, **_usual_properties(), "CachePolicyId": ref(rule.logical_id), **_for_pictures(route)}


def _for_pictures(route: Route) -> Template:
    """Pass on `Accept` for pictures: CloudFront would remove it, and API Gateway would then not return bytes."""
    return {"OriginRequestPolicyId": ref("EdgePicturePolicy")} if route.path.endswith(".png") else {}


def uncached() -> Template:
    """Return the behaviour of everything that acts or is personal: every method, and no cache."""
    request = {"OriginRequestPolicyId": ref("EdgeRequestPolicy")}
    return {**_to_api(), **_usual_properties(), "CachePolicyId": _NOTHING, **request}


def _to_api() -> Template:
    """Return what sends every method of a request to the API."""
    return {"TargetOriginId": API, "AllowedMethods": _ALL}


def _usual_properties() -> Template:
    return {"CachedMethods": _CACHED, "Compress": True, "ViewerProtocolPolicy": "redirect-to-https"}


def policies() -> Template:
    """Return the cache policies of all routes, and the request policies of what is not cached and of pictures."""
    different = sorted({rule for route in ROUTES.values() if (rule := cache_rule(route))})
    requests = {"EdgeRequestPolicy": _request_policy(), "EdgePicturePolicy": _picture_policy()}
    return {**dict(_cache_policy(each) for each in different), **requests}


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
        "Name": sub(f"{_NAME}-{rule.logical_id}"),
        # The answer's Cache-Control decides; an answer without one is not kept.
        "MinTTL": 0,
        "DefaultTTL": 0,
        "MaxTTL": rule.longest,
        "ParametersInCacheKeyAndForwardedToOrigin": key,
    }
    return rule.logical_id, _edge_resource("CloudFront::CachePolicy", {"CachePolicyConfig": config})


def _request_policy() -> Template:
    config = {
        "Name": sub(f"{_NAME}-uncached"),
        "CookiesConfig": {"CookieBehavior": "none"},
        "HeadersConfig": {"HeaderBehavior": "allExcept", "Headers": [*_NOT_PASSED_ON]},
        "QueryStringsConfig": {"QueryStringBehavior": "all"},
    }
    return _edge_resource("CloudFront::OriginRequestPolicy", {"OriginRequestPolicyConfig": config})


def _picture_policy() -> Template:
    """Return the policy that passes Accept on. It does not change a picture, so it is not part of the cache key."""
    config = {
        "Name": sub(f"{_NAME}-pictures"),
        "CookiesConfig": {"CookieBehavior": "none"},
        "HeadersConfig": {"HeaderBehavior": "whitelist", "Headers": ["Accept"]},
        "QueryStringsConfig": {"QueryStringBehavior": "none"},
    }
    return _edge_resource("CloudFront::OriginRequestPolicy", {"OriginRequestPolicyConfig": config})


def _edge_resource(kind: str, properties: Template) -> Template:
    """Return a resource that exists only if the CDN does."""
    return resource(kind, properties, Condition="HasEdge")
