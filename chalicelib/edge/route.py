"""What a route is: one method of one path. Each is declared at its view, and routes.py collects all routes."""

import re
from enum import Enum, StrEnum
from typing import NamedTuple, TypedDict

from chalicelib.core.errors import BodyTooLarge, PetitionsError
from chalicelib.core.rights import Right


class Function(StrEnum):
    """The Lambda functions that serve routes, with their names in the template.

    Each imports only the modules of its routes, and its role allows only what they need (stack/template/rights.py).
    """

    API = "APIHandler"
    LINKS = "Links"
    COUNTS = "Counts"
    MANAGE = "Manage"
    PEOPLE = "People"
    SIGN_IN = "SignIn"
    PARTNERS = "Partners"


class Access(StrEnum):
    """Who may call a route that needs no right."""

    PUBLIC = "public"
    ANY_STAFF_TOKEN = "any-token"


class Throttle(NamedTuple):
    """The most requests a second that API Gateway accepts for one route, and the most at once."""

    rate: int
    burst: int


# Also of HEAD, and of requests without a route. No crowd sends these: a scanner cannot use up the account's capacity.
DEFAULT_THROTTLE = Throttle(50, 100)
# An account has 10,000 requests a second and a burst of 5,000 (AWS quotas). Signing may use the whole quota.
SIGNING = Throttle(10_000, 5_000)
PETITION_PAGE = Throttle(5_000, 2_500)
PUBLIC = Throttle(1_000, 500)
PRESS = Throttle(500, 1_000)
SIGN_IN = Throttle(5, 20)


class Cache(Enum):
    """The longest time that a shared cache may keep a route's answers, in seconds. Each answer names its own time."""

    NEVER = 0
    SECONDS = 60
    HOUR = 3600
    YEAR = 31_536_000


_PARAMETER = re.compile(r"\{[^}]*\}")


class Route(NamedTuple):
    """One method of one path. It is not a dataclass, because a dataclass takes longer to import.

    `view`: its name, and the id of the operation in OpenAPI. `query`: the parameters that a cache keeps. `status`,
    `headers`: of a success (stack/openapi/paths.py). `not_modified`: a client with the ETag may get 304.
    `content_types`: of an answer that is not JSON. `body_kb`: the largest body. `raises`: errors that do not follow
    from the rest.
    """

    method: str
    path: str
    view: str
    function: Function = Function.API
    right: Right | Access = Access.PUBLIC
    throttle: Throttle = DEFAULT_THROTTLE
    cache: Cache = Cache.NEVER
    query: tuple[str, ...] = ()
    # Only the OpenAPI document needs the following.
    status: int = 200
    headers: tuple[str, ...] = ()
    not_modified: bool = False
    content_types: tuple[str, ...] = ("text/html",)
    body_kb: int = BodyTooLarge.limit_kb
    raises: tuple[type[PetitionsError], ...] = ()

    @property
    def methods(self) -> list[str]:
        return ["GET", "HEAD"] if self.method == "GET" else [self.method]

    @property
    def pattern(self) -> str:
        """Return the path with * for each parameter, as IAM and CDNs write it."""
        return _PARAMETER.sub("*", self.path)

    @property
    def needs_token(self) -> bool:
        return self.right is not Access.PUBLIC

    @property
    def allows_any_origin(self) -> bool:
        """Return whether pages of other sites may call the route: all public routes of /api/ except /api/staff/."""
        if self.needs_token or self.path.startswith("/api/staff/"):
            return False
        return self.path.startswith("/api/")


class Options(TypedDict, total=False):
    """What a view declares if it differs from the default."""

    function: Function
    throttle: Throttle
    cache: Cache
    query: tuple[str, ...]
    status: int
    headers: tuple[str, ...]
    not_modified: bool
    content_types: tuple[str, ...]
    body_kb: int
    raises: tuple[type[PetitionsError], ...]


# Each right opens the routes of one function.
FUNCTIONS: dict[Right | Access, Function] = {
    Access.PUBLIC: Function.API,
    Access.ANY_STAFF_TOKEN: Function.MANAGE,
    Right.COUNTS: Function.COUNTS,
    Right.MANAGE: Function.MANAGE,
    Right.EXPORT: Function.MANAGE,
    Right.PEOPLE: Function.PEOPLE,
    Right.PARTNER: Function.PARTNERS,
}


def declared(method: str, path: str, options: Options, right: Right | Access = Access.PUBLIC) -> Route:
    throttle = PUBLIC if "cache" in options else DEFAULT_THROTTLE
    return Route(method, path, "", FUNCTIONS[right], right, throttle)._replace(**options)
