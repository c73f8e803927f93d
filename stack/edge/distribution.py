"""A CloudFront distribution: behaviours, policies and origins, with the values that the template gives them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

KEYED_ENCODINGS = ("br", "gzip")
ERROR_TTL = 10
"""Seconds that an error is cached if no CustomErrorResponse says otherwise (ErrorCachingMinTTL)."""


@dataclass(frozen=True)
class WhichOnes:
    """Which headers, cookies or query keys are taken: none, all, those named, or all but those named."""

    behaviour: str = "none"
    names: frozenset[str] = frozenset()

    def takes(self, name: str) -> bool:
        if self.behaviour in ("whitelist", "allExcept"):
            return (name in self.names) == (self.behaviour == "whitelist")
        return self.behaviour != "none"

    @property
    def is_empty(self) -> bool:
        return self.behaviour == "none"


@dataclass(frozen=True)
class CachePolicy:
    """TTLs in seconds, and what is part of the cache key."""

    least: float
    usual: float
    most: float
    headers: WhichOnes = WhichOnes()
    cookies: WhichOnes = WhichOnes()
    query: WhichOnes = WhichOnes()
    encodings: tuple[str, ...] = ()

    @property
    def is_off(self) -> bool:
        return not (self.least or self.usual or self.most)


@dataclass(frozen=True)
class RequestPolicy:
    """What is sent to the origin besides what is in the cache key."""

    headers: WhichOnes = WhichOnes()
    cookies: WhichOnes = WhichOnes()
    query: WhichOnes = WhichOnes()


@dataclass(frozen=True)
class Behaviour:
    """One cache behaviour. `origin` is the id of an origin or of an origin group. The default one has no pattern."""

    pattern: str | None
    origin: str
    allowed: frozenset[str]
    cached: frozenset[str]
    compresses: bool
    cache: CachePolicy
    request: RequestPolicy
    adds: Mapping[str, tuple[str, bool]] = field(default_factory=dict)
    """Headers of the response headers policy: value, and whether it replaces the origin's."""

    @property
    def forwards_cookies(self) -> bool:
        return not (self.cache.cookies.is_empty and self.request.cookies.is_empty)

    def caches(self, method: str) -> bool:
        return not self.cache.is_off and method in self.cached


@dataclass(frozen=True)
class EdgeOrigin:
    """An origin: its host, the path in front of every target, and headers that replace the viewer's."""

    name: str
    domain: str
    path: str
    adds: Mapping[str, str]
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
