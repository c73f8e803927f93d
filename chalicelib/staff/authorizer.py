"""The authorizer that API Gateway calls before each route of staff or partners, and the record of what staff do.

The authorizer checks the caller's token and returns the routes that the token opens. What staff do is recorded in the
activity log. Partners are organisations that send us signatures.
"""

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

# A request's context has the cursor (sort key) of the request's audit entry under this key.
AUDIT_CURSOR = "recorded"

# The OSDI standard requires this header. Partners may send `Authorization: Bearer` instead.
OSDI_HEADER = "osdi-api-token"


class HeadersAuthorizer(ChaliceAuthorizer):
    """Reads the token of staff, which API Gateway passes alone, or that of a partner from either of two headers.

    For routes of partners, API Gateway passes all headers (stack/template/api.py).
    """

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
    """Return the routes that the token opens. Raise an error for an unknown token.

    API Gateway answers 401 if the text of the error is exactly "Unauthorized", and 403 if the token does not open the
    route.
    """
    log.begin("")  # Chalice gives an authorizer no request id.
    now = times.now()
    try:
        token = recognise(request.token, now, tables())
        record_use(token, now, tables())
    except UnknownToken:
        log.event("token_refused")
        raise Exception("Unauthorized") from None
    except Exception:  # Lambda counts a refused token as an error too, so only this line can set off an alarm.
        log.degraded("authorizer_failed")
        raise
    log.event("token_recognised", token=token.token_id)
    context = {"owner": token.owner, "rights": ",".join(sorted(token.rights)), "partner": token.partner or ""}
    allowed = _allowed(token.rights, _path(request.method_arn))
    return AuthResponse(routes=allowed, principal_id=token.token_id, context=context)


# The decorator of Chalice makes a ChaliceAuthorizer, which reads only one header.
authorizer.__class__ = HeadersAuthorizer


def staff_view(
    routes: Blueprint, method: str, path: str, right: Right | Access, **options: "Unpack[Options]"
) -> Callable[[View], View]:
    """Declare a route under /api/staff that needs a staff token with this right, and bind its view.

    If the view records an action and then refuses it, record the refusal.
    """
    route = declared(method, f"/api/staff{path}", options, right)
    bound = bind_view(routes, route, problem_in_chosen_language, authorizer)
    return lambda view: bound(_record_refusals(view))


def _record_refusals(view: View) -> View:
    """Wrap the view. If the view records an action and then refuses it, add the refusal to the activity log."""

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
    """Declare a route that needs a partner's token, and bind its view. `response` makes the response for an error."""
    return bind_view(routes, declared(method, path, options, Right.PARTNER), response, authorizer)


def partner_of(request: Request) -> str:
    """Return the source (the id) of the calling partner. Raise Forbidden if the token is not a partner's."""
    source = _authorizer_context(request).get("partner")
    if not source:
        raise Forbidden("This is not the token of a partner.")
    return str(source)


def _allowed(rights: Set[Right], path: str) -> list[str | AuthRoute]:
    """Return the routes that these rights open, as patterns. All other routes stay closed. `path`: that of the request.

    API Gateway requires at least one route. There always is one: every token of staff opens the routes of
    ANY_STAFF_TOKEN, and every token of a partner opens the routes of partners. Among both are routes without a
    variable, such as /api/staff/me and /api/osdi, which are never left out below.
    """
    # For API Gateway, a path with a slash at its end belongs to the same route. For IAM, it is another path. So if the
    # request's path has this slash, each returned pattern gets one too.
    bare_path = path.removesuffix("/")
    slash = "/" if path.endswith("/") else ""
    reachable: Set[Right | Access] = rights if rights == {Right.PARTNER} else {*rights, Access.ANY_STAFF_TOKEN}
    opened = [route for route in all_routes().values() if route.right in reachable]
    # Leave out a pattern that matches the path although the path belongs to another route: /petitions/* matches
    # /petitions/x/counts. The answer is for this request only (ttl_seconds=0), so other paths do not matter.
    precise = [route for route in opened if not _overreaches(route.pattern, bare_path)]
    return [AuthRoute(route.pattern + slash, route.methods) for route in precise]


def _path(method_arn: str) -> str:
    """Return the path in an ARN such as arn:…:<api>/<stage>/<method>/<path>."""
    return "/" + "/".join(method_arn.split("/")[3:])


def _overreaches(pattern: str, path: str) -> bool:
    """Return whether IAM would match the path to this pattern, although the path belongs to another route or to none.

    In IAM, * also matches slashes and the empty string: /petitions/* would open /petitions/x/counts and /petitions/.
    """
    if not fnmatchcase(path, pattern):
        return False
    has_empty_part = "//" in path or path.endswith("/")
    has_other_depth = path.count("/") != pattern.count("/")
    return has_empty_part or has_other_depth


def actor(request: Request) -> Actor:
    """Return the caller, as the authorizer recognised them."""
    context = _authorizer_context(request)
    return Actor(token_id=context["principalId"], owner=context["owner"], source_ip=source_ip(request))


def rights_of(request: Request) -> set[Right]:
    names = _authorizer_context(request)["rights"].split(",")
    return {Right(name) for name in names if name}


def audit(request: Request, action: str, subject: str = "", details: Mapping[str, str] | None = None) -> None:
    """Record an action in the activity log. Call this before the action, which must not be done without a record.

    Pass no personal data of signers, except the id of a signature.
    """
    who = actor(request)
    entry = Action(name=action, subject=subject, details=dict(details or {}))
    request.context[AUDIT_CURSOR] = record(who, entry, times.now(), tables())


def cancel_job(request: Request, action: str, job: JobType, details: Mapping[str, str] | None = None) -> JobType:
    """Record the action, cancel the job and return it. If the job has ended or stalled, only return it unchanged."""
    if not job.at(times.now()).is_open:  # A stalled job counts as failed.
        return job
    audit(request, action, job.job_id, details)
    return cancel(job, times.now(), tables())


def _authorizer_context(request: Request) -> dict[str, Any]:
    """Return the context that the authorizer passed on. API Gateway adds the token's id as `principalId`."""
    context: dict[str, Any] = request.context["authorizer"]
    return context
