"""A CloudFront distribution: behaviours, policies and origins, with the values that the template gives them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

KEYED_ENCODINGS = ("br", "gzip")
ERROR_TTL = 10
"""Seconds that an error is cached if no CustomErrorResponse says otherwise (ErrorCachingMinTTL)."""


@dataclass(frozen=True)
class NameSelection:
    """Which headers, cookies or query keys are included: none, all, the named ones, or all except the named ones."""

    behaviour: str = "none"
    names: frozenset[str] = frozenset()

    def includes(self, name: str) -> bool:
        if self.behaviour in ("whitelist", "allExcept"):
            return (name in self.names) == (self.behaviour == "whitelist")
        return self.behaviour != "none"

    @property
    def is_empty(self) -> bool:
        return self.behaviour == "none"


@dataclass(frozen=True)
class CachePolicy:
    """TTLs in seconds, and what is part of the cache key."""

    min_ttl: float
    default_ttl: float
    max_ttl: float
    headers: NameSelection = NameSelection()
    cookies: NameSelection = NameSelection()
    query: NameSelection = NameSelection()
    encodings: tuple[str, ...] = ()

    @property
    def is_off(self) -> bool:
        return not (self.min_ttl or self.default_ttl or self.max_ttl)


@dataclass(frozen=True)
class RequestPolicy:
    """What is sent to the origin besides what is in the cache key."""

    headers: NameSelection = NameSelection()
    cookies: NameSelection = NameSelection()
    query: NameSelection = NameSelection()


@dataclass(frozen=True)
class Behaviour:
    """One cache behaviour. `origin` is the id of an origin or an origin group. The default behaviour has no pattern."""

    pattern: str | None
    origin: str
    allowed_methods: frozenset[str]
    cached_methods: frozenset[str]
    compresses: bool
    cache: CachePolicy
    request: RequestPolicy
    added_headers: Mapping[str, tuple[str, bool]] = field(default_factory=dict)
    """Headers of the response headers policy: value, and whether it replaces the origin's."""

    @property
    def forwards_cookies(self) -> bool:
        return not (self.cache.cookies.is_empty and self.request.cookies.is_empty)

    def may_cache(self, method: str) -> bool:
        return not self.cache.is_off and method in self.cached_methods


@dataclass(frozen=True)
class EdgeOrigin:
    """An origin: its host, the path in front of every target, and headers that replace the viewer's headers."""

    name: str
    domain: str
    path: str
    added_headers: Mapping[str, str]
    is_bucket: bool


@dataclass(frozen=True)
class OriginGroup:
    """The second origin is asked if the first one's answer has one of these statuses."""

    first: str
    second: str
    statuses: frozenset[int]


@dataclass(frozen=True)
class ErrorRule:
    """A CustomErrorResponse. `page` and `status` are both set or both None."""

    ttl: float = ERROR_TTL
    page: str | None = None
    status: int | None = None


@dataclass(frozen=True)
class Distribution:
    behaviours: tuple[Behaviour, ...]
    default: Behaviour
    origins: Mapping[str, EdgeOrigin]
    groups: Mapping[str, OriginGroup]
    errors: Mapping[int, ErrorRule]
    domain: str

    def error(self, status: int) -> ErrorRule:
        return self.errors.get(status, ErrorRule())
