"""HTML responses: security headers, and problems as pages."""

from collections.abc import Callable, Mapping

from chalice.app import Blueprint, Request, Response

from chalicelib.core.language import ENGLISH, languages
from chalicelib.core.settings import settings
from chalicelib.edge.accept import prefers_json
from chalicelib.edge.http import NO_STORE, answer, problem_json, query, retry_after, site_prefix
from chalicelib.edge.problems import Problem
from chalicelib.edge.views import View, answering
from chalicelib.pages.render import render

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
# Headings for people instead of HTTP's titles.
HEADINGS = {
    "Not Found": "Page not found",
    "Conflict": "This petition is not open",
    "Gone": "This petition has been taken down",
    "Content Too Large": "That was too much text",
    "Unsupported Media Type": "We could not read that",
    "Unprocessable Content": "Some fields need attention",
    "Service Unavailable": "Please try again in a moment",
}


def page(
    request: Request,
    template: str,
    context: Mapping[str, object],
    status: int = 200,
    headers: Mapping[str, str] = NO_STORE,
) -> Response:
    """Return a page. By default no cache keeps it, because it may be personal."""
    return answer(fragment(request, template, context), status, {**HTML_HEADERS, **headers})


def fragment(request: Request, template: str, context: Mapping[str, object]) -> str:
    """Return the HTML of a template, in the language that the request chooses."""
    chosen = chosen_language(request)
    base, site_url = site_prefix(request), settings().site_url
    return render(template, chosen or ENGLISH, chosen, base=base, site_url=site_url, **context)


def chosen_language(request: Request) -> str:
    """Return the code of the language that the address names with `?lang=`; "" if it names none that we have."""
    code = query(request, "lang")
    return code if code in languages() else ""


def problem_page(request: Request, problem: Problem) -> Response:
    context = {
        "heading": HEADINGS.get(problem.title, problem.title),
        "message": problem.detail,
        "status": problem.status,
        "petition": None,
    }
    return page(request, "problem.html", context, problem.status, retry_after(problem))


def page_view(routes: Blueprint) -> Callable[[View], View]:
    """Bind a view whose errors are pages, or JSON for a client that prefers JSON."""
    return answering(routes, _problem)


def _problem(request: Request, problem: Problem) -> Response:
    if prefers_json(request.headers.get("accept") or ""):
        return problem_json(problem)
    return problem_page(request, problem)
