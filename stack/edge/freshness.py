"""Compute for how long the cache may serve an answer, from the answer's headers and from the cache policy.

The cache policy has three TTLs, in seconds: the minimum, the default and the maximum. Titles in quotes are from the
CloudFront Developer Guide. Main source: "Manage how long content stays in the cache (expiration)".
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from stack.edge.distribution import CachePolicy, ErrorRule
from stack.edge.message import EdgeAnswer, Headers

_DIRECTIVE = re.compile(r"([a-z-]+)(?:=\"?([^\",\s]+)\"?)?", re.IGNORECASE)
_PRIVATE_DIRECTIVES = ("no-store", "no-cache", "private")
# "How CloudFront processes HTTP 4xx and 5xx status codes from your origin". Errors with other statuses are not cached.
_CACHED_STATUSES = frozenset({404, 410, 414, 500, 501, 502, 503, 504})
_CACHED_WITH_MAX_AGE = frozenset({400, 403, 405, 412, 415})
_UNCACHED_IF_PRIVATE = frozenset({404, 410, 414, 501})


class Lifetime(NamedTuple):
    """For how many seconds an answer may be served from the cache, by situation. If all are 0, it is not cached."""

    fresh: float = 0
    """Without a request to the origin."""
    while_refreshing: float = 0
    """While a newer answer is loaded (stale-while-revalidate)."""
    if_failing: float = 0
    """If the origin answers with 5xx (stale-if-error)."""
    if_unreachable: float = 0
    """If the origin cannot be reached. Then even an answer with no-store may be served."""

    @property
    def longest(self) -> float:
        return max(self)


def directives(headers: Headers) -> dict[str, str]:
    """Return the directives in Cache-Control: value by name, in lower case. A directive without a value has ""."""
    value = ",".join(headers.getall("Cache-Control", []))
    return {name.lower(): argument for name, argument in _DIRECTIVE.findall(value)}


def lifetime(answer: EdgeAnswer, policy: CachePolicy) -> Lifetime:
    """Return the lifetime of an answer that is not an error."""
    cache_control = directives(answer.headers)
    if policy.is_off:
        return Lifetime()
    if _is_private(cache_control):
        # A minimum TTL overrides these directives. The main source also says: if the origin cannot be reached,
        # CloudFront serves such an answer up to the maximum TTL, unless the answer has stale-if-error=0. It does not
        # say this of a 5xx, so `if_failing` stays 0.
        if_unreachable = 0 if cache_control.get("stale-if-error") == "0" else policy.max_ttl
        return Lifetime(fresh=policy.min_ttl, if_unreachable=max(policy.min_ttl, if_unreachable))
    fresh = _fresh_seconds(cache_control, answer.headers, policy)
    stale_while_revalidate = _seconds(cache_control, "stale-while-revalidate", default=0)
    # If the origin fails, CloudFront serves a stale answer even without stale-if-error.
    stale_if_error = _seconds(cache_control, "stale-if-error", default=policy.max_ttl)
    # The maximum TTL also limits for how long a stale answer may be served.
    while_refreshing = min(fresh + stale_while_revalidate, policy.max_ttl)
    if_failing = min(fresh + stale_if_error, policy.max_ttl)
    return Lifetime(fresh, while_refreshing, if_failing=if_failing, if_unreachable=if_failing)


def error_lifetime(answer: EdgeAnswer, rule: ErrorRule) -> float:
    """Return for how many seconds an error is cached: "Control how long CloudFront caches errors"."""
    cache_control = directives(answer.headers)
    max_age = _seconds(cache_control, "max-age", default=0)
    max_age = _seconds(cache_control, "s-maxage", default=max_age)  # s-maxage replaces max-age.
    if answer.status in _UNCACHED_IF_PRIVATE and _is_private(cache_control):
        return 0
    is_cached_with_max_age = answer.status in _CACHED_WITH_MAX_AGE and max_age > 0
    if is_cached_with_max_age or answer.status in _CACHED_STATUSES:
        return max(rule.ttl, max_age)
    return 0


def may_be_shared(answer: EdgeAnswer, policy: CachePolicy) -> bool:
    """Return whether this answer is also for the viewers who sent the same request while the answer was loaded.

    If not, the CDN sends the request of each viewer to the origin. Source: "Request and response behavior for custom
    origins".
    """
    if policy.min_ttl > 0:  # A minimum TTL overrides all directives, as in `lifetime`.
        return True
    cache_control = directives(answer.headers)
    return not _is_private(cache_control) and cache_control.get("max-age") != "0"


def _is_private(cache_control: Mapping[str, str]) -> bool:
    """Return whether an answer has no-store, no-cache or private."""
    return any(name in cache_control for name in _PRIVATE_DIRECTIVES)


def _fresh_seconds(cache_control: Mapping[str, str], headers: Headers, policy: CachePolicy) -> float:
    """Return for how long an answer is fresh, by s-maxage, else max-age, else Expires, else the default TTL."""
    for name in ("s-maxage", "max-age"):
        if name in cache_control:
            return _clamped(_seconds(cache_control, name, 0), policy)
    if "Expires" in headers:
        return _clamped(_until_expiry(headers), policy)
    return policy.default_ttl


def _clamped(seconds: float, policy: CachePolicy) -> float:
    return max(policy.min_ttl, min(seconds, policy.max_ttl))


def _seconds(cache_control: Mapping[str, str], name: str, default: float) -> float:
    """Return the seconds in a directive; the default if the directive is missing or has no whole number."""
    value = cache_control.get(name, "")
    return float(value) if value.isdecimal() else default


def _until_expiry(headers: Headers) -> float:
    """Return the seconds from Date to Expires; 0 if one of them is missing or is not a date."""
    with suppress(ValueError, TypeError):
        expires = parsedate_to_datetime(headers.get("Expires", ""))
        date = parsedate_to_datetime(headers.get("Date", ""))
        return max(0.0, (expires - date).total_seconds())
    return 0.0
