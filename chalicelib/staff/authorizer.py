"""The authorizer that API Gateway calls before each route of staff or partners, and the record of what staff do."""

from collections.abc import Callable, Mapping, Set
from fnmatch import fnmatchcase
from functools import wraps
from typing import TYPE_CHECKING, Any

from chalice.app import AuthRequest, AuthResponse, AuthRoute, Blueprint, ChaliceAuthorizer, Request, Response

from chalicelib.aws.table import tables
from chalicelib.core import log, times
from chalicelib.core.errors import Forbidden, PetitionsError
from chalicelib.core.rights import Right
from chalicelib.edge.http import source_ip
from chalicelib.edge.problems import problem_of
from chalicelib.edge.route import Access, declared
from chalicelib.edge.routes import all_routes
from chalicelib.edge.views import ProblemResponse, View, bind_view, problem_in_chosen_language
from chalicelib.jobs.model import JobType
from chalicelib.jobs.request import cancel
from chalicelib.staff.audit.record import Action, Actor, record, record_refusal
from chalicelib.staff.tokens import UnknownToken, recognise, record_use

if TYPE_CHECKING:
    from typing import Unpack

    from chalicelib.edge.route import Options

routes = Blueprint(__name__)

# The cursor of the request's audit entry in the request's context.
AUDIT_CURSOR = "recorded"

# Required by the OSDI standard. Partners may send `Authorization: Bearer` instead.
OSDI_HEADER = "osdi-api-token"


class HeadersAuthorizer(ChaliceAuthorizer):
    """Reads the token of staff, which API Gateway passes alone, or that of a partner from either of two headers."""

    def _transform_event(self, event: dict[str, Any]) -> AuthRequest:
        sent = event.get("headers") or {}
        headers = {name.lower(): value for name, value in sent.items()}
        token = event.get("authorizationToken") or headers.get("authorization") or ""
        osdi_token = headers.get(OSDI_HEADER)
        if osdi_token and not token:
            token = f"Bearer {osdi_token}"
        return AuthRequest(event["type"], token, event["methodArn"])


@routes.authorizer(ttl_seconds=0)
def authorizer(request: AuthRequest) -> AuthResponse:
    """Return the routes that the token opens.

    API Gateway answers 401 if the text of the error is exactly "Unauthorized", and 403 if the token does not open the
    route.
    """
    log.begin("")  # Chalice gives an authorizer no request id.
    now = times.now()
    try:
        token = recognise(request.token, now, tables())
        record_use(token, now, tables())
        allowed = _allowed(token.rights, _path(request.method_arn))
    except UnknownToken:
        log.event("token_refused")
        raise Exception("Unauthorized") from None
    except Exception:  # Lambda counts a refused token as an error too, so only this line can set off an alarm.
        log.degraded("authorizer_failed")
        raise
    log.event("token_recognised", token=token.token_id)
    context = {"owner": token.owner, "rights": ",".join(sorted(token.rights)), "partner": token.partner or ""}
    return AuthResponse(routes=allowed, principal_id=token.token_id, context=context)


# The decorator of Chalice makes a ChaliceAuthorizer, which reads only one header.
authorizer.__class__ = HeadersAuthorizer


def staff_view(
    routes: Blueprint, method: str, path: str, right: Right | Access, **options: "Unpack[Options]"
) -> Callable[[View], View]:
    """Declare a route under /api/staff that needs a staff token with this right. Record refusals of its actions."""
    route = declared(method, f"/api/staff{path}", options, right)
    bound = bind_view(routes, route, problem_in_chosen_language, authorizer)
    return lambda view: bound(_record_refusals(view))


def _record_refusals(view: View) -> View:
    @wraps(view)
    def wrapped_view(request: Request, **arguments: str) -> Response:
        try:
            return view(request, **arguments)
        except PetitionsError as error:
            problem = problem_of(error)
            cursor = request.context.get(AUDIT_CURSOR)  # The key of the audit entry. None: the view recorded no action.
            # After a failure (5xx), we do not know whether the action was done.
            if cursor and problem.status < 500:
                field_sentences = [f"{each.message}." for each in problem.errors]
                why = " ".join([problem.detail, *field_sentences])
                record_refusal(cursor, why, tables())
            raise

    return wrapped_view


def partner_view(
    routes: Blueprint,
    method: str,
    path: str,
    response: ProblemResponse = problem_in_chosen_language,
    **options: "Unpack[Options]",
) -> Callable[[View], View]:
    """Declare a route that needs a partner's token. `response` makes the response for an error."""
    return bind_view(routes, declared(method, path, options, Right.PARTNER), response, authorizer)


def partner_of(request: Request) -> str:
    """Return the partner's source (id). Raise Forbidden if the token is not a partner's."""
    source = _authorizer_context(request).get("partner")
    if not source:
        raise Forbidden("This is not the token of a partner.")
    return str(source)


def _allowed(rights: Set[Right], path: str) -> list[str | AuthRoute]:
    """Return the routes that these rights open, as patterns. `path`: that of the request.

    API Gateway requires at least one: routes without a variable, such as /api/staff/me, are never left out.
    """
    # For API Gateway, a path with a slash at its end is the same route, but for IAM it is another path.
    bare_path = path.removesuffix("/")
    slash = "/" if path.endswith("/") else ""
    reachable: Set[Right | Access] = rights if rights == {Right.PARTNER} else {*rights, Access.ANY_STAFF_TOKEN}
    opened = [route for route in all_routes().values() if route.right in reachable]
    # Only this request's path matters: the answer is not cached (ttl_seconds=0).
    precise = [route for route in opened if not _overreaches(route.pattern, bare_path)]
    return [AuthRoute(route.pattern + slash, route.methods) for route in precise]


def _path(method_arn: str) -> str:
    return "/" + "/".join(method_arn.split("/")[3:])


def _overreaches(pattern: str, path: str) -> bool:
    """In IAM, * also matches slashes and the empty string: /petitions/* would open /petitions/x/counts."""
    if not fnmatchcase(path, pattern):
        return False
    has_empty_part = "//" in path or path.endswith("/")
    has_other_depth = path.count("/") != pattern.count("/")
    return has_empty_part or has_other_depth


def actor(request: Request) -> Actor:
    context = _authorizer_context(request)
    return Actor(token_id=context["principalId"], owner=context["owner"], source_ip=source_ip(request))


def rights_of(request: Request) -> set[Right]:
    names = _authorizer_context(request)["rights"].split(",")
    return {Right(name) for name in names if name}


def audit(request: Request, action: str, subject: str = "", details: Mapping[str, str] | None = None) -> None:
    """Call this before the action. Pass no personal data of signers, except the id of a signature."""
    who = actor(request)
    entry = Action(name=action, subject=subject, details=dict(details or {}))
    request.context[AUDIT_CURSOR] = record(who, entry, times.now(), tables())


def cancel_job(request: Request, action: str, job: JobType, details: Mapping[str, str] | None = None) -> JobType:
    """Record the action and cancel the job. Return a job that has ended or stalled unchanged."""
    if not job.at(times.now()).is_open:  # A stalled job counts as failed.
        return job
    audit(request, action, job.job_id, details)
    return cancel(job, times.now(), tables())


def _authorizer_context(request: Request) -> dict[str, Any]:
    """API Gateway adds the token's id as `principalId`."""
    context: dict[str, Any] = request.context["authorizer"]
    return context
