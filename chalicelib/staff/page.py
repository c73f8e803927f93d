"""The staff pages: HTML without data. After sign-in, their scripts get the data from the API with the user's token."""

from chalice.app import Blueprint, Request, Response

from chalicelib.core.language import language_of, languages
from chalicelib.edge.html import page, page_view
from chalicelib.edge.http import path_prefix
from chalicelib.pages.render import dashboard_version, startup_modules

routes = Blueprint(__name__)


@page_view(routes, "GET", "/staff")
def show_dashboard(request: Request) -> Response:
    """The staff page.

    The page has no data and is the same for everyone. Its script calls this API with the user's token.
    """
    files = f"{path_prefix(request)}/assets/staff/{dashboard_version()}"
    language_names = {code: language_of(code).name for code in languages()}
    return page(request, "staff.html", {"files": files, "modules": startup_modules(), "site_languages": language_names})


@page_view(routes, "GET", "/staff/signed-in")
def show_sign_in(request: Request) -> Response:
    """The sign-in page for staff.

    The page has no data. Its script calls this API.

    Answer: The sign-in button, or the result of signing in.
    """
    return page(request, "sign_in.html", {"invited": False})


@page_view(routes, "GET", "/staff/invitation")
def show_invitation(request: Request) -> Response:
    """The page that the link of an invitation opens.

    The page has no data and changes nothing, because email scanners open every link. Its button calls this API.

    Answer: The button, or the result of accepting.
    """
    return page(request, "sign_in.html", {"invited": True})
