"""The pages for staff: one document without data. Its script asks the API with the token of whoever sits there."""

from chalice.app import Blueprint, Request, Response

from chalicelib.edge.html import page, page_view
from chalicelib.edge.http import site_prefix
from chalicelib.pages.render import dashboard_start, dashboard_version

routes = Blueprint(__name__)


@routes.route("/staff")
@page_view(routes)
def show_dashboard(request: Request) -> Response:
    """The same for everybody."""
    files = f"{site_prefix(request)}/assets/staff/{dashboard_version()}"
    return page(request, "staff.html", {"files": files, "modules": dashboard_start()})
