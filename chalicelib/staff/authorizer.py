"""The authorizer that API Gateway calls before any staff route, and the audit of what staff do."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from chalice.app import AuthRequest, AuthResponse, AuthRoute, Blueprint, Request

from chalicelib.aws.table import tables
from chalicelib.core import log, times
from chalicelib.core.rights import Right
from chalicelib.staff.audit.model import Action, Actor
from chalicelib.staff.audit.record import record
from chalicelib.staff.tokens import UnknownToken, note_use, recognise

routes = Blueprint(__name__)

# Every staff route and the right it needs. A route that is not listed is closed to everyone.
ROUTES: dict[Right, list[AuthRoute]] = {
    Right.COUNTS: [
        AuthRoute("/api/staff/petitions", ["GET"]),
        AuthRoute("/api/staff/petitions/*/counts", ["GET"]),
        AuthRoute("/api/staff/petitions/*/statements", ["POST"]),
        AuthRoute("/api/staff/health", ["GET"]),
        AuthRoute("/api/staff/petitions/*/funnel", ["GET"]),
    ],
    Right.MANAGE: [
        AuthRoute("/api/staff/audit", ["GET"]),
        AuthRoute("/api/staff/tokens", ["GET", "POST"]),
        AuthRoute("/api/staff/tokens/*", ["DELETE"]),
        AuthRoute("/api/staff/petitions", ["POST"]),
        AuthRoute("/api/staff/petitions/*", ["GET", "PUT"]),
        AuthRoute("/api/staff/petitions/*/state", ["POST"]),
        AuthRoute("/api/staff/petitions/*/versions", ["GET"]),
        AuthRoute("/api/staff/petitions/*/preview", ["POST"]),
    ],
    Right.EXPORT: [
        AuthRoute("/api/staff/petitions/*/exports", ["GET", "POST"]),
        AuthRoute("/api/staff/exports/*", ["GET"]),
        AuthRoute("/api/staff/exports/*/file", ["GET"]),
        AuthRoute("/api/staff/exports/*/cover", ["GET"]),
    ],
    Right.PEOPLE: [
        AuthRoute("/api/staff/people/find", ["POST"]),
        AuthRoute("/api/staff/people/*/*", ["GET"]),
        *(AuthRoute(f"/api/staff/people/*/*/{verb}", ["POST"]) for verb in ("resend", "withdraw", "erase", "access")),
    ],
}
# Open to every valid token. (API Gateway also needs at least one resource in a policy.)
ANY_TOKEN = [AuthRoute("/api/staff/me", ["GET"])]


# Open without a token: staff sign in here to get one.
WITHOUT_TOKEN = [AuthRoute("/api/staff/sign-in", ["POST"]), AuthRoute("/api/staff/session", ["POST"])]


@routes.authorizer(ttl_seconds=0)
def staff_authorizer(request: AuthRequest) -> AuthResponse:
    """Answer 401 to an unknown token and 403 to one without the right. AWS requires exactly "Unauthorized" for 401."""
    log.begin("")
    now = times.now()
    try:
        token = recognise(request.token, now, tables())
    except UnknownToken:
        log.event("staff_refused")
        raise Exception("Unauthorized") from None
    note_use(token, now, tables())
    path = _path(request.method_arn)
    reachable = [route for right in sorted(token.rights) for route in ROUTES[right] if not _overreaches(route, path)]
    log.event("staff_recognised", token=token.token_id)
    known = {"owner": token.owner, "rights": ",".join(sorted(token.rights))}
    allowed: list[str | AuthRoute] = [_with_head(route) for route in (*reachable, *ANY_TOKEN)]
    return AuthResponse(routes=allowed, principal_id=token.token_id, context=known)


def _with_head(route: AuthRoute) -> AuthRoute:
    """Add HEAD to a route that allows GET."""
    return AuthRoute(route.path, [*route.methods, *(["HEAD"] if "GET" in route.methods else [])])


def _path(method_arn: str) -> str:
    """Return the path of arn:…:<api>/<stage>/<method>/<path>."""
    return "/" + "/".join(method_arn.split("/")[3:])


def _overreaches(route: AuthRoute, path: str) -> bool:
    """Return whether IAM would match the path to a route that is not its own.

    In IAM, * also matches slashes and the empty string: petitions/* would open petitions/x/counts and petitions/.
    """
    has_gap = "" in path.split("/")[1:]
    return fnmatchcase(path, route.path) and (has_gap or path.count("/") != route.path.count("/"))


def actor(request: Request) -> Actor:
    """Return the caller, as recognised by the authorizer."""
    context = _context(request)
    return Actor(token_id=context["principalId"], owner=context["owner"], source_ip=source_ip(request))


def source_ip(request: Request) -> str:
    """Return the caller's IP address as API Gateway saw it."""
    return str((request.context.get("identity") or {}).get("sourceIp") or "")


def rights_by_route() -> dict[str, Right]:
    """Return the right that each route needs, by method and path."""
    return {
        f"{method} {route.path}": right
        for right, routes in ROUTES.items()
        for route in routes
        for method in route.methods
    }


def rights_of(request: Request) -> set[Right]:
    return {Right(name) for name in _context(request)["rights"].split(",") if name}


def audited(request: Request, action: str, subject: str = "", details: Mapping[str, str] | None = None) -> None:
    """Record an action. Call this first: if it fails, answer 503 and do not act. Pass ids, states and numbers only."""
    entry = Action(name=action, subject=subject, details=dict(details or {}))
    record(actor(request), entry, times.now(), tables())


def _context(request: Request) -> dict[str, Any]:
    context: dict[str, Any] = request.context["authorizer"]
    return context
