"""Make HTML responses: pages with security headers. A problem (an error for the client) becomes a page too."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from chalice.app import Blueprint, Request, Response

from chalicelib.core.language import ENGLISH, Language, language_of, translatable
from chalicelib.core.settings import settings
from chalicelib.edge.http import (
    NO_STORE,
    answer,
    chosen_language,
    path_prefix,
    prefers_json,
    problem_json,
    query,
    retry_after_header,
)
from chalicelib.edge.problems import Problem
from chalicelib.edge.route import PUBLIC, Function, declared
from chalicelib.edge.views import View, bind_view
from chalicelib.pages.render import render

if TYPE_CHECKING:
    from typing import Unpack

    from chalicelib.edge.route import Options

# No inline script or style, no framing, forms only to this site.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HTML_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": POLICY,
    **NO_STORE,
}


def frame_policy(origins: Sequence[str]) -> dict[str, str]:
    """Return the header of a page that only these sites may show in a frame. [] means no site."""
    allowed = f"frame-ancestors {' '.join(origins)}" if origins else "frame-ancestors 'none'"
    return {"Content-Security-Policy": POLICY.replace("frame-ancestors 'none'", allowed)}


def is_embedded(request: Request, path: str = "") -> bool:
    """Return whether the page is made for a frame on another site (`?embed=1`).

    Views leave `path` out. It is the visitor's, for a request that no view answers: `request.path` may be only
    CATCH_ALL.
    """
    path = path or request.path
    answers_form = path.startswith("/petitions/") and path.endswith(("/signatures", "/thanks"))
    is_form_embedded = answers_form and query(request, "embed") == "1"
    return path.startswith("/embed/") or is_form_embedded


HEADINGS = {
    "Not Found": translatable("Page not found"),
    "Method Not Allowed": translatable("There is no page at this address"),
    "Conflict": translatable("This petition is not open"),
    "Gone": translatable("This petition has been taken down"),
    "Content Too Large": translatable("That was too much text"),
    "Unsupported Media Type": translatable("We could not read that"),
    "Unprocessable Content": translatable("Some fields need attention"),
    "Service Unavailable": translatable("Please try again in a moment"),
}


def page(
    request: Request,
    template: str,
    context: Mapping[str, object],
    status: int = 200,
    headers: Mapping[str, str] = NO_STORE,
    *,
    language: str = "",
    languages: Sequence[str] = (),
) -> Response:
    """Return a page. By default no cache may keep it, because some pages show personal data.

    Without `language`, `?lang=` or else English is used. The page links to itself in each of the `languages`.
    """
    context = {**context, "switch": _links_by_language(request, languages)}
    return answer(fragment(request, template, context, language), status, {**HTML_HEADERS, **headers})


def fragment(request: Request, template: str, context: Mapping[str, object], language: str = "") -> str:
    chosen = chosen_language(request)  # Links on the page keep it, even if the page is in another language.
    page_language = language or chosen or ENGLISH
    base, site_url = path_prefix(request), settings().site_url
    return render(template, page_language, chosen, base=base, site_url=site_url, **context)


def _links_by_language(request: Request, codes: Sequence[str]) -> list[tuple[Language, str]]:
    """Return each language with the address of this page in it. []: there is only one, or the request is a POST."""
    if len(codes) < 2 or request.method not in ("GET", "HEAD"):
        return []
    path_parameters = request.uri_params or {}
    path = path_prefix(request) + quote(request.path.format(**path_parameters))
    query_parameters = dict(request.query_params or {})
    links = []
    for code in codes:
        query_text = urlencode({**query_parameters, "lang": code})
        links.append((language_of(code), f"{path}?{query_text}"))
    return links


def problem_page(request: Request, problem: Problem, path: str = "", form_path: str = "") -> Response:
    """Return the page of a problem. `path`: for `is_embedded`. `form_path`: of a form that the page links to."""
    language = language_of(chosen_language(request))
    # Every site may frame this page: it has no form to send, and its links open outside of the frame.
    embedded = is_embedded(request, path)
    context = {
        "heading": language.text(HEADINGS.get(problem.title, problem.title)),
        "message": f"{language.text(problem.detail)} {problem.reason}".strip(),
        "status": problem.status,
        "petition": None,  # problem.html uses this name. With a petition, it would add links to the petition.
        "form_path": form_path,
        "embedded": embedded,
    }
    headers = retry_after_header(problem)
    if embedded:
        headers |= frame_policy(["*"])
    return page(request, "problem.html", context, problem.status, headers)


def page_view(routes: Blueprint, method: str, path: str, **options: "Unpack[Options]") -> Callable[[View], View]:
    """Declare a public route, and bind its view, whose errors are pages, or JSON for a client that prefers JSON."""
    return bind_view(routes, declared(method, path, options), _problem_response)


def link_view(routes: Blueprint, method: str, path: str, **options: "Unpack[Options]") -> Callable[[View], View]:
    options["function"], options["throttle"] = Function.LINKS, PUBLIC
    return page_view(routes, method, path, **options)


def _problem_response(request: Request, problem: Problem) -> Response:
    if prefers_json(request.headers.get("accept") or ""):
        return problem_json(problem, chosen_language(request))
    return problem_page(request, problem)
