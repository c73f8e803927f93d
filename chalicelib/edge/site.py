"""Serve the routes of the site itself: files, the API's description and the health check."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from chalice.app import Blueprint, Request, Response

from chalicelib import VERSION
from chalicelib.aws.queue import mail_queue, other_mail_queue, overflow_queue
from chalicelib.aws.table import tables
from chalicelib.edge.http import JSON, answer, client_matches, json_answer, not_modified, problem_json, query
from chalicelib.edge.problems import Problem
from chalicelib.edge.route import DEFAULT_THROTTLE, PETITION_PAGE, Cache
from chalicelib.edge.views import json_view
from chalicelib.pages.render import Asset, asset, dashboard_files, dashboard_version

if TYPE_CHECKING:
    from chalicelib.edge.answers import Answer, SiteHealth

routes = Blueprint(__name__)

# The address changes with the content (?v=), so browsers need not revalidate.
FOREVER = f"public, max-age={Cache.YEAR.value}, immutable"
HOURLY = {"Cache-Control": f"public, max-age={Cache.HOUR.value}"}
NO_FILE = Problem(404, "Not Found", "There is no file at this address.")


@json_view(
    routes,
    "GET",
    "/assets/{name}",
    cache=Cache.YEAR,
    query=("v",),
    not_modified=True,
    content_types=("text/css", "text/javascript", "image/svg+xml"),
)
def read_asset(request: Request, name: str) -> Response:
    """Style, script and icon of the public pages."""
    # With another `?v=`, no cache may keep the answer: during a deployment, old code may get the request for a new
    # file, and anybody may request a version that does not exist yet.
    found = asset(name)
    is_current_version = found is not None and query(request, "v") == found.version
    cache_control = FOREVER if is_current_version else "no-store"
    return _file(request, found, cache_control)


@json_view(
    routes,
    "GET",
    "/embed.js",
    cache=Cache.HOUR,
    throttle=PETITION_PAGE,
    not_modified=True,
    content_types=("text/javascript",),
)
def read_embed_script(request: Request) -> Response:
    """The script that puts a petition's form or counter on another site.

    Answer: For `<script src=... data-petition=... data-show=form|counter>`.
    """
    return _file(request, asset("embed.js"), HOURLY["Cache-Control"])


@json_view(
    routes,
    "GET",
    "/assets/staff/{version}/{name}",
    cache=Cache.YEAR,
    not_modified=True,
    content_types=("text/css", "text/javascript"),
)
def read_dashboard_file(request: Request, version: str, name: str) -> Response:
    """Scripts and styles of the staff pages."""
    # An open page still asks for the old version after a deployment. No cache may keep the new file for it.
    cache_control = FOREVER if version == dashboard_version() else "no-store"
    return _file(request, dashboard_files().get(name), cache_control)


def _file(request: Request, found: Asset | None, cache_control: str) -> Response:
    """Return the file, 304 if the client has the file already, or 404 if there is no such file."""
    if found is None:
        return problem_json(NO_FILE)
    # API Gateway would add application/json to the 304, and a cache may take that over.
    headers = {"Cache-Control": cache_control, "ETag": found.etag, "Content-Type": found.content_type}
    if client_matches(request, found.etag):
        return not_modified(headers)
    return answer(found.body, 200, headers)


@json_view(routes, "GET", "/api/openapi.json", cache=Cache.HOUR, throttle=DEFAULT_THROTTLE)
def read_openapi(request: Request) -> "Answer[dict[str, object]]":
    """This document."""
    return answer(_openapi(), 200, {**HOURLY, "Content-Type": JSON})


@json_view(routes, "GET", "/health")
def read_health(request: Request) -> "Answer[SiteHealth]":
    """Check that tables and queues answer. All of them answer."""
    tables().check()
    mail_queue().check()
    overflow_queue().check()  # The queue of signatures that are not yet in the table.
    other_mail_queue().check()  # The queue of email that is not urgent.
    return json_answer({"status": "ok", "version": VERSION})


@cache
def _openapi() -> str:
    return Path(__file__).with_name("openapi.json").read_text(encoding="utf-8")
