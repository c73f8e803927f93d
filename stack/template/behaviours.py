"""How the CDN (CloudFront) treats each path, derived from the list of routes. `edge.yaml` has the rest of the CDN.

A behaviour says, for the paths that match its pattern, what CloudFront caches and where it sends requests. CloudFront
takes the first behaviour that matches, and * matches slashes too. So longer patterns come first.
"""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from chalicelib.edge.route import Cache, Route
from chalicelib.edge.routes import all_routes
from stack.busy_page import function_code
from stack.template.cfn import Template, ref, resource, sub, written

# CloudFront asks for a cached answer again after the maximum of its cache policy. Our answers may be served stale for a
# day (edge/http.py). For files that never change, a day is enough: browsers keep them for a year. An account has only
# twenty cache policies, so files share the policies of pages.
_DAY_SECONDS = 86_400


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


def edge() -> Template:
    template = written("edge")
    resources = template["Resources"]
    resources["BusyPage"]["Properties"]["FunctionCode"] = function_code()
    config = resources["Edge"]["Properties"]["DistributionConfig"]
    uncached = config["DefaultCacheBehavior"]
    config["CacheBehaviors"] += [_behaviour(route, uncached) for route in routes_with_behaviours()]
    queries = {cache_policy_id(route): sorted(route.query) for route in all_routes().values() if is_cached(route)}
    resources |= {name: _cache_policy(name, query) for name, query in sorted(queries.items())}
    return template


def _behaviour(route: Route, uncached: Template) -> Template:
    """`uncached`: how CloudFront treats the paths without a behaviour. It sends every method to the API itself, so that
    the API can answer 405.
    """
    behaviour = {"PathPattern": route.pattern, **uncached}
    if not is_cached(route):
        return behaviour
    behaviour["CachePolicyId"] = ref(cache_policy_id(route))
    if may_show_busy_page(route):  # To this group of origins, CloudFront allows no POST.
        behaviour |= {"TargetOriginId": "Pages", "AllowedMethods": ["GET", "HEAD"]}
    del behaviour["OriginRequestPolicyId"]
    if route.path.endswith((".png", ".pdf")):  # Bytes need `Accept`, else they may be base64 (docs/aws-facts.md).
        behaviour["OriginRequestPolicyId"] = ref("EdgePicturePolicy")
    return behaviour


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
        "Name": sub(f"petitions-${{Stage}}-${{AWS::Region}}-{name}"),
        # The answer's Cache-Control says how long to keep the answer. An answer without Cache-Control is not kept.
        "MinTTL": 0,
        "DefaultTTL": 0,
        "MaxTTL": _DAY_SECONDS,
        "ParametersInCacheKeyAndForwardedToOrigin": cache_key,
    }
    return resource("CloudFront::CachePolicy", {"CachePolicyConfig": config}, Condition="HasEdge")
