"""The Chalice application. It also answers HEAD, wrong methods (405 with `Allow`) and paths without a route (404)."""

from base64 import b64encode
from collections.abc import Mapping
from functools import partial
from typing import Any

from chalice.app import Chalice, Request, Response

from chalicelib.core.language import translatable
from chalicelib.edge.html import problem_page
from chalicelib.edge.http import chosen_language, prefers_html, problem_json, redirect
from chalicelib.edge.problems import Problem
from chalicelib.edge.route import Route
from chalicelib.edge.routes import CATCH_ALL, all_routes
from chalicelib.edge.views import respond

NOT_SENT_AGAIN = translatable("Your form was not sent again. Go back to it, and send it once more.")
NOT_FOUND = Problem(404, "Not Found", "There is nothing at this address.")


class Site(Chalice):
    def __init__(self, app_name: str) -> None:
        super().__init__(app_name=app_name, configure_logs=False)
        # With these, Chalice refuses a picture to clients that do not name its type. `_as_text` encodes pictures
        # instead.
        self.api.binary_types.clear()

    def add_head_to_get_routes(self) -> None:
        """Let the view of each GET route also answer HEAD. Call this after registering all routes."""
        for methods in self.routes.values():
            if "GET" in methods:
                methods["HEAD"] = methods["GET"]

    def serve_as(self, name: str) -> Any:
        """Register and return another Lambda function that serves the same routes, but has a role of its own."""

        def serve(event: Any, context: Any) -> Any:
            return self(event, context)

        serve.__name__ = name
        return self.lambda_function(name)(serve)

    def __call__(self, event: Any, context: Any) -> Any:
        context_of_request = event.get("requestContext", {})
        methods = self.routes.get(context_of_request.get("resourcePath"), {})
        if context_of_request.get("httpMethod") in methods:
            return _as_text(super().__call__(event, context))
        path = str(event.get("path") or "/")
        catch_all_context = _with_catch_all_path(context_of_request, path)
        request = Request({**event, "requestContext": catch_all_context}, context)
        problem_response = partial(_problem, path=path)
        return respond(request, lambda: answer_without_view(request, path), problem_response).to_dict()


def _as_text(answer: dict[str, Any]) -> dict[str, Any]:
    """Encode bytes, which Lambda cannot return. API Gateway decodes them (stack/template/gateway.py)."""
    if not isinstance(answer["body"], bytes):
        return answer
    return {**answer, "body": b64encode(answer["body"]).decode(), "isBase64Encoded": True}


def routes_at(path: str) -> list[Route]:
    """Return the routes of the most specific path that matches, one for each method, from all Lambda functions."""
    parts = path.split("/")
    matching = {route.path for route in all_routes().values() if _matches(route.path.split("/"), parts)}
    # False sorts before True, so a path with a fixed part wins over a path with a variable there.
    most_specific = min(matching, key=lambda path: [*map(_is_variable, path.split("/"))], default=None)
    return [route for route in all_routes().values() if route.path == most_specific]


def _methods(routes: list[Route]) -> set[str]:
    return {method for route in routes for method in route.methods}


def answer_without_view(request: Request, path: str) -> Response:
    """Return 405, or redirect from a path with a slash at the end to its route, or return 404."""
    found = routes_at(path)
    if not found:
        without_slash = path.rstrip("/")
        if request.method not in _methods(routes_at(without_slash)):
            return _problem(request, NOT_FOUND, path)
        # After a 302, clients send a GET and drop the body; after a 307, the same request.
        status = 302 if request.method in ("GET", "HEAD") else 307
        return redirect(request, without_slash, status)
    # After a refused form, the address is the path of the POST. Opened again, it links to the form.
    form_path = _form_of(found, path) if request.method in ("GET", "HEAD") else ""
    detail = NOT_SENT_AGAIN if form_path else f"This address does not take {request.method}."
    response = _problem(request, Problem(405, "Method Not Allowed", detail), path, form_path)
    methods = _methods(found)
    if any(route.allows_any_origin for route in found):
        # API Gateway itself answers OPTIONS, with which browsers ask whether a page of another site may call the route.
        methods.add("OPTIONS")
    response.headers["Allow"] = ", ".join(sorted(methods))
    return response


def _form_of(routes: list[Route], path: str) -> str:
    """Return the path of the petition's form, with #sign, if browsers post this form to `path`, or else ""."""
    takes_form = any(route.view == "sign_by_form" for route in routes)
    return f"{path.removesuffix('/signatures')}#sign" if takes_form else ""


def _with_catch_all_path(context: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    """If no route matched, replace the visitor's path by CATCH_ALL in the context's path, for `path_prefix`.

    That cuts as many parts from the end of /site/a/b as `request.path` has, which is CATCH_ALL here: only one.
    """
    if context.get("resourcePath") != CATCH_ALL:
        return context
    prefix = str(context.get("path", "")).removesuffix(path)
    return {**context, "path": prefix + CATCH_ALL}


def _matches(route_parts: list[str], path_parts: list[str]) -> bool:
    if len(route_parts) != len(path_parts):
        return False
    pairs = zip(route_parts, path_parts, strict=True)
    return all(part != "" if _is_variable(route_part) else part == route_part for route_part, part in pairs)


def _is_variable(part: str) -> bool:
    return part.startswith("{")


def _problem(request: Request, problem: Problem, path: str, form_path: str = "") -> Response:
    """Return the problem as a page or as JSON. `path`: the visitor's. `form_path`: of a form to link to."""
    if prefers_html(request.headers.get("accept") or ""):
        return problem_page(request, problem, path, form_path)
    response = problem_json(problem, chosen_language(request))
    # A page of another site needs this header to read the error.
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response
