"""Bind views to their routes, and turn the errors of views into responses.

With decorators, because Chalice's middleware does not see the exception of a view, and Chalice adds CORS headers only
to a view's own response.
"""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from chalice.app import Blueprint, ChaliceAuthorizer, CORSConfig, Request, Response

from chalicelib.core import log
from chalicelib.core.errors import PetitionsError
from chalicelib.core.metrics import Metric
from chalicelib.edge.http import chosen_language, problem_json
from chalicelib.edge.problems import Problem, problem_of, unexpected
from chalicelib.edge.route import Route, declared

if TYPE_CHECKING:
    from typing import Unpack

    from chalicelib.edge.route import Options

View = Callable[..., Response]
ProblemResponse = Callable[[Request, Problem], Response]

# Any origin may read public JSON and post signatures: these routes use no cookies.
CORS = CORSConfig(
    allow_origin="*",
    allow_headers=["Content-Type", "If-None-Match"],
    expose_headers=["ETag", "Retry-After"],
    max_age=86400,
)


def json_view(routes: Blueprint, method: str, path: str, **options: "Unpack[Options]") -> Callable[[View], View]:
    """Declare a public route whose errors become JSON. With a token: `staff_view`, `partner_view`
    (staff/authorizer.py).
    """
    return bind_view(routes, declared(method, path, options), problem_in_chosen_language)


def problem_in_chosen_language(request: Request, problem: Problem) -> Response:
    return problem_json(problem, chosen_language(request))


def bind_view(
    routes: Blueprint, route: Route, problem_response: ProblemResponse, authorizer: ChaliceAuthorizer | None = None
) -> Callable[[View], View]:
    """Bind a view to its route. Raise LookupError at import if an authorizer is missing, or is one too many."""
    if route.needs_token is not bool(authorizer):
        raise LookupError(
            f"{route.method} {route.path}: its decorator and its right differ on whether it needs a token"
        )

    def decorate(view: View) -> View:
        @wraps(view)
        def responding_view(**arguments: str) -> Response:
            request: Request = routes.current_request
            return respond(request, lambda: view(request, **arguments), problem_response)

        bound: Any = routes.route(route.path, **_options(route), authorizer=authorizer)(responding_view)
        bound.route = route._replace(view=view.__name__)  # edge/routes.py collects it.
        return bound  # type: ignore[no-any-return]

    return decorate


def _options(route: Route) -> dict[str, object]:
    """Return Chalice's options for this route.

    Views that read a body check its Content-Type themselves, and say what to send. Some clients send one with GET.
    """
    cors = CORS if route.allows_any_origin else None
    return {"methods": [route.method], "cors": cors, "content_types": ["*/*"]}


def respond(request: Request, view: Callable[[], Response], problem_response: ProblemResponse) -> Response:
    """Return the view's response, or one for its error. Log and count it. HEAD gets no body."""
    log.begin(request.context.get("requestId", ""))
    try:
        response = view()
    except PetitionsError as error:
        response = problem_response(request, problem_of(error))
    except Exception:
        log.failure("view_failed", route=request.path)
        response = problem_response(request, unexpected())
    _measure(response.status_code)
    log.end(route=request.path, method=request.method, status=response.status_code)
    if request.method == "HEAD":
        response.body = b"" if isinstance(response.body, bytes) else ""
    return response


def _measure(status: int) -> None:
    if status >= 500:
        log.measure(Metric.FAILED)
    elif status >= 400:
        log.measure(Metric.REFUSED)
