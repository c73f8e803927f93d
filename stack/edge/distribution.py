"""A CloudFront distribution, as the template configures it: behaviours, policies and origins.

A behaviour says how requests for some paths are handled. Its policies say what is part of the cache key, and what
else is sent to the origin, the server behind the CDN.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

KEYED_ENCODINGS = ("br", "gzip")
"""The encodings that a cache policy may make part of the cache key."""
ERROR_TTL = 10
"""For how many seconds an error is cached if no CustomErrorResponse sets ErrorCachingMinTTL."""


@dataclass(frozen=True)
class NameSelection:
    """Which headers, cookies or query keys a policy includes: none, all, the named ones, or all except the named ones.

    `mode`: "none", "all", "whitelist" or "allExcept". Names of headers are in lower case, here and in `includes`.
    """

    mode: str = "none"
    names: frozenset[str] = frozenset()

    def includes(self, name: str) -> bool:
        if self.mode == "whitelist":
            return name in self.names
        if self.mode == "allExcept":
            return name not in self.names
        return self.mode != "none"

    @property
    def is_empty(self) -> bool:
        return self.mode == "none"


@dataclass(frozen=True)
class CachePolicy:
    """For how many seconds answers are cached, and which parts of a request make the cache key."""

    min_ttl: float
    default_ttl: float
    max_ttl: float
    headers: NameSelection = NameSelection()
    cookies: NameSelection = NameSelection()
    query: NameSelection = NameSelection()
    encodings: tuple[str, ...] = ()

    @property
    def is_off(self) -> bool:
        """Whether no answer is cached, as with AWS's policy CachingDisabled."""
        return self.min_ttl == self.default_ttl == self.max_ttl == 0


@dataclass(frozen=True)
class RequestPolicy:
    """What is sent to the origin in addition to the parts of the cache key: AWS's origin request policy."""

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
    """Headers of the response headers policy, by name: the value, and whether it replaces the value from the origin."""

    @property
    def forwards_cookies(self) -> bool:
        return not self.cache.cookies.is_empty or not self.request.cookies.is_empty

    def may_cache(self, method: str) -> bool:
        return not self.cache.is_off and method in self.cached_methods


@dataclass(frozen=True)
class EdgeOrigin:
    """An origin. `path` is put in front of the path of every request. `added_headers` are added to every request.

    An added header replaces a header of the viewer with the same name.
    """

    name: str
    domain: str
    path: str
    added_headers: Mapping[str, str]
    is_bucket: bool


@dataclass(frozen=True)
class OriginGroup:
    """Two origins, by id. If the answer of the first has one of `statuses`, the second is asked."""

    first: str
    second: str
    statuses: frozenset[int]


@dataclass(frozen=True)
class ErrorRule:
    """A CustomErrorResponse. `ttl`: for how many seconds an error that is cached stays in the cache, at least.

    `page`: the path of the page that viewers get instead of the error. `status`: the page's status for viewers. `page`
    and `status` are both set or both None.
    """

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

    def error_rule(self, status: int) -> ErrorRule:
        """Return the rule for errors with this status."""
        return self.errors.get(status, ErrorRule())
