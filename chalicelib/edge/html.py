"""Pages as answers: what a browser may do with them, and problems a person can read."""

from collections.abc import Callable, Mapping

from chalice.app import Blueprint, Request, Response

from chalicelib.core.settings import settings
from chalicelib.edge.http import NO_STORE, View, answer, answering, retry_after, site_prefix
from chalicelib.edge.problems import Problem
from chalicelib.pages.render import render

# No inline script or style, nobody frames us, forms go nowhere else.
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
# HTTP's words are for programs.
HEADINGS = {
    "Not Found": "This page is not here",
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
    """Personal unless `headers` say otherwise: not kept by any cache."""
    body = render(template, base=site_prefix(request), site_url=settings().site_url, **context)
    return answer(body, status, {**HTML_HEADERS, **headers})


def problem_page(request: Request, problem: Problem) -> Response:
    context = {
        "heading": HEADINGS.get(problem.title, problem.title),
        "message": problem.detail,
        "status": problem.status,
        "petition": None,
    }
    return page(request, "problem.html", context, problem.status, retry_after(problem))


def page_view(routes: Blueprint) -> Callable[[View], View]:
    return answering(routes, problem_page)
