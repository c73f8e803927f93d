"""What a route is: one method of one path. The list of all routes is in routes.py."""

import re
from enum import Enum, StrEnum
from typing import NamedTuple

from chalicelib.core.rights import Right


class Function(StrEnum):
    """The Lambda functions that serve routes, with their names in the template.

    All functions have the same package of code. Each function imports only the modules of its routes (app.py), and its
    role allows only what these modules need (.chalice/policy-*.json).
    """

    API = "APIHandler"
    LINKS = "Links"
    COUNTS = "Counts"
    MANAGE = "Manage"
    PEOPLE = "People"
    SIGN_IN = "SignIn"
    EXPORTS = "Exports"
    PARTNERS = "Partners"


class Access(StrEnum):
    """Who may call a route that needs no right."""

    PUBLIC = "public"
    ANY_STAFF_TOKEN = "any-token"


class Throttle(NamedTuple):
    """The most requests a second that API Gateway accepts for one route, and the most at once."""

    rate: int
    burst: int


# The throttle of each route that does not name its throttle, of HEAD, and of requests without a route. No crowd sends
# these, so the throttle is low: a scanner cannot use up the account's capacity.
DEFAULT_THROTTLE = Throttle(50, 100)


class Cache(Enum):
    """The longest time that a shared cache may keep a route's answers, in seconds. Each answer names its own time."""

    NEVER = 0
    SECONDS = 60
    HOUR = 3600
    YEAR = 31_536_000


# A parameter of a path, such as {slug}.
_PARAMETER = re.compile(r"\{[^}]*\}")


class Route(NamedTuple):
    """One method of one path. It is not a dataclass, because a dataclass takes longer to import.

    `view` is the name of the view, and the id of the operation in OpenAPI. `query` names the query parameters that
    change a cacheable answer: a cache drops all others.
    """

    method: str
    path: str
    view: str
    function: Function
    right: Right | Access = Access.PUBLIC
    throttle: Throttle = DEFAULT_THROTTLE
    cache: Cache = Cache.NEVER
    query: tuple[str, ...] = ()

    @property
    def methods(self) -> list[str]:
        """Return the methods that the route answers: a GET route also answers HEAD."""
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
