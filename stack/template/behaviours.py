"""The behaviours and policies of the CDN (CloudFront), derived from the list of routes.

A behaviour says, for the paths that match its pattern, what CloudFront caches and where it sends requests. CloudFront
takes the first behaviour that matches, and * matches slashes too. So longer patterns come first.
"""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from chalicelib.edge.route import Cache, Route
from chalicelib.edge.routes import all_routes
from stack.template.busy import CACHING_DISABLED
from stack.template.cfn import Template, ref, resource, sub

API, PAGES = "Api", "Pages"
"""Ids of the targets of these behaviours: the API, and a group of origins that shows the busy page if the API fails."""

# CloudFront accepts three sets of methods. These are the largest and the smallest.
_ALL_METHODS = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]
_READ_METHODS = ["GET", "HEAD"]
_API_TARGET: Template = {"TargetOriginId": API, "AllowedMethods": _ALL_METHODS}
_USUAL: Template = {"CachedMethods": _READ_METHODS, "Compress": True, "ViewerProtocolPolicy": "redirect-to-https"}
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


def cache_policy_id(route: Route) -> str:
    """Return the logical id of the policy for the query parameters that change the answer."""
    return f"CacheBy{''.join(name.title() for name in sorted(route.query)) or 'Path'}"


def is_cached(route: Route) -> bool:
    return route.cache is not Cache.NEVER


def routes_with_behaviours() -> list[Route]:
    """Return, in CloudFront's order, the cached routes and the uncached ones that a cached pattern matches too."""
    routes = all_routes().values()
    patterns = [route.pattern for route in routes if is_cached(route)]
    matched = [route for route in routes if any(fnmatchcase(route.pattern, pattern) for pattern in patterns)]
    return sorted(matched, key=_sort_key)


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
    is_file = "." in route.path.rpartition("/")[2]
    return route.cache is Cache.SECONDS and not route.allows_any_origin and not is_file


def behaviours() -> list[Template]:
    return [{"PathPattern": route.pattern, **_behaviour(route)} for route in routes_with_behaviours()]


def _behaviour(route: Route) -> Template:
    if not is_cached(route):
        return uncached_behaviour()
    # PAGES is a group of origins, to which CloudFront allows no POST. All other routes lead to the API itself, with
    # every method, so that the API can answer 405.
    page_target = {"TargetOriginId": PAGES, "AllowedMethods": _READ_METHODS}
    target = page_target if may_show_busy_page(route) else _API_TARGET
    behaviour = {**target, **_USUAL, "CachePolicyId": ref(cache_policy_id(route))}
    if route.path.endswith(
        (".png", ".pdf")
    ):  # Bytes need `Accept`: without it, they may be base64 (docs/aws-facts.md).
        behaviour["OriginRequestPolicyId"] = ref("EdgePicturePolicy")
    return behaviour


def uncached_behaviour() -> Template:
    request_policy = {"OriginRequestPolicyId": ref("EdgeRequestPolicy")}
    return {**_API_TARGET, **_USUAL, "CachePolicyId": CACHING_DISABLED, **request_policy}


def policies() -> Template:
    queries = {cache_policy_id(route): sorted(route.query) for route in all_routes().values() if is_cached(route)}
    most_headers = {"HeaderBehavior": "allExcept", "Headers": [*_NOT_PASSED_ON]}
    # A picture is the same for every Accept, so Accept is not in the cache key.
    accept = {"HeaderBehavior": "whitelist", "Headers": ["Accept"]}
    return {
        **{name: _cache_policy(name, query) for name, query in sorted(queries.items())},
        "EdgeRequestPolicy": _request_policy("uncached", most_headers, query="all"),
        "EdgePicturePolicy": _request_policy("pictures", accept, query="none"),
    }


def _cache_policy(name: str, query: Sequence[str]) -> Template:
    listed_parameters = {"QueryStringBehavior": "whitelist", "QueryStrings": query}
    cache_key = {
        "CookiesConfig": {"CookieBehavior": "none"},
        "HeadersConfig": {"HeaderBehavior": "none"},
        "QueryStringsConfig": listed_parameters if query else {"QueryStringBehavior": "none"},
        "EnableAcceptEncodingGzip": True,
        "EnableAcceptEncodingBrotli": True,
    }
    config = {
        "Name": sub(f"{_NAME_PREFIX}-{name}"),
        # The answer's Cache-Control says how long to keep the answer. An answer without Cache-Control is not kept.
        "MinTTL": 0,
        "DefaultTTL": 0,
        "MaxTTL": _DAY_SECONDS,
        "ParametersInCacheKeyAndForwardedToOrigin": cache_key,
    }
    return resource("CloudFront::CachePolicy", {"CachePolicyConfig": config}, Condition="HasEdge")


def _request_policy(name: str, headers: Template, query: str) -> Template:
    """Return a policy that passes on these headers and all or none of the query, but no cookies."""
    config = {
        "Name": sub(f"{_NAME_PREFIX}-{name}"),
        "CookiesConfig": {"CookieBehavior": "none"},
        "HeadersConfig": headers,
        "QueryStringsConfig": {"QueryStringBehavior": query},
    }
    return resource("CloudFront::OriginRequestPolicy", {"OriginRequestPolicyConfig": config}, Condition="HasEdge")
