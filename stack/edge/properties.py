"""Convert CloudFormation's properties into the policies, origins, groups and error rules of a distribution."""

from collections.abc import Callable, Mapping
from typing import Any

from stack.edge.distribution import (
    ERROR_TTL,
    KEYED_ENCODINGS,
    CachePolicy,
    EdgeOrigin,
    ErrorRule,
    NameSelection,
    OriginGroup,
    RequestPolicy,
)

Properties = Mapping[str, Any]
_YEAR = 31_536_000
_DAY = 86_400
# AWS's managed policies that this project may use, by id. Sources: "Use managed cache policies" and "Use managed origin
# request policies" (CloudFront Developer Guide).
_MANAGED_CACHES = {
    "4135ea2d-6df8-44a3-9df3-4b5a84be39ad": CachePolicy(0, 0, 0),  # CachingDisabled
    "658327ea-f89d-4fab-a63d-7e88639e58f6": CachePolicy(1, _DAY, _YEAR, encodings=KEYED_ENCODINGS),  # CachingOptimized
}
_MANAGED_REQUESTS = {
    # AllViewerExceptHostHeader
    "b689b0a8-53d0-40ab-baf2-68738e2966ac": RequestPolicy(
        NameSelection("allExcept", frozenset({"host"})), NameSelection("all"), NameSelection("all")
    ),
}
# The header that each security property of a response headers policy sets, by the property's name.
_SECURITY = {
    "ContentSecurityPolicy": "Content-Security-Policy",
    "ReferrerPolicy": "Referrer-Policy",
    "FrameOption": "X-Frame-Options",
}


def cache_policy(policy_id: str, policies: Mapping[str, Properties]) -> CachePolicy:
    """Return the cache policy with this id: a managed policy of AWS, or one of the template's policies."""
    if policy_id in _MANAGED_CACHES:
        return _MANAGED_CACHES[policy_id]
    config = policies[policy_id]["CachePolicyConfig"]
    keyed = config["ParametersInCacheKeyAndForwardedToOrigin"]
    headers, cookies, query = _selections(keyed)
    return CachePolicy(
        min_ttl=float(config["MinTTL"]),
        default_ttl=float(config["DefaultTTL"]),
        max_ttl=float(config["MaxTTL"]),
        headers=headers,
        cookies=cookies,
        query=query,
        encodings=_encodings(keyed),
    )


def _encodings(keyed: Properties) -> tuple[str, ...]:
    """Return the encodings that the policy makes part of the cache key, in the order of KEYED_ENCODINGS."""
    encodings = []
    if is_true(keyed.get("EnableAcceptEncodingBrotli", False)):
        encodings.append("br")
    if is_true(keyed.get("EnableAcceptEncodingGzip", False)):
        encodings.append("gzip")
    return tuple(encodings)


def request_policy(policy_id: str | None, policies: Mapping[str, Properties]) -> RequestPolicy:
    if policy_id is None:
        return RequestPolicy()
    if policy_id in _MANAGED_REQUESTS:
        return _MANAGED_REQUESTS[policy_id]
    return RequestPolicy(*_selections(policies[policy_id]["OriginRequestPolicyConfig"]))


def _selections(config: Properties) -> tuple[NameSelection, NameSelection, NameSelection]:
    """Return which headers, cookies and query keys a policy includes, in this order."""
    return (
        _selection(config["HeadersConfig"], "Header", str.lower),
        _selection(config["CookiesConfig"], "Cookie", str),
        _selection(config["QueryStringsConfig"], "QueryString", str),
    )


def _selection(config: Properties, kind: str, normalise: Callable[[str], str]) -> NameSelection:
    mode = config[f"{kind}Behavior"]
    names = [normalise(name) for name in config.get(f"{kind}s", [])]
    return NameSelection(mode, frozenset(names))


def origin(config: Properties) -> EdgeOrigin:
    headers = config.get("OriginCustomHeaders", [])
    added = {header["HeaderName"]: header["HeaderValue"] for header in headers}
    return EdgeOrigin(
        name=config["Id"],
        domain=config["DomainName"],
        path=config.get("OriginPath", ""),
        added_headers=added,
        is_bucket="S3OriginConfig" in config,
    )


def group(config: Properties) -> OriginGroup:
    first, second = config["Members"]["Items"]
    statuses = config["FailoverCriteria"]["StatusCodes"]["Items"]
    return OriginGroup(first["OriginId"], second["OriginId"], frozenset(statuses))


def error_rule(config: Properties) -> ErrorRule:
    ttl = float(config.get("ErrorCachingMinTTL", ERROR_TTL))
    return ErrorRule(ttl, config.get("ResponsePagePath"), config.get("ResponseCode"))


def added_headers(config: Properties) -> dict[str, tuple[str, bool]]:
    """Return the headers that a response headers policy adds, by name.

    Return for each header its value, and whether the value replaces the value from the origin.
    """
    custom_headers = config.get("CustomHeadersConfig", {}).get("Items", [])
    security_parts = config.get("SecurityHeadersConfig", {})
    added = {}
    for declared in custom_headers:
        added[declared["Header"]] = (declared["Value"], is_true(declared["Override"]))
    if "ContentTypeOptions" in security_parts:
        added["X-Content-Type-Options"] = ("nosniff", is_true(security_parts["ContentTypeOptions"]["Override"]))
    # A part and the property in it may have different names: FrameOptions: {"FrameOption": "DENY", "Override": True}.
    for name, header in _SECURITY.items():
        for part in security_parts.values():
            if name in part:
                added[header] = (part[name], is_true(part["Override"]))
    return added


def is_true(value: Any) -> bool:
    """Return whether a property is true. A template may contain the boolean as text."""
    return str(value).lower() == "true"
