"""Statements over HTTP: staff freeze a number, and anybody may check one. Checking asks no table."""

from chalice.app import Blueprint, Request, Response

from chalicelib.aws.table import tables
from chalicelib.core import times
from chalicelib.core.settings import settings
from chalicelib.edge.cors import CORS
from chalicelib.edge.html import page, page_view
from chalicelib.edge.http import NO_STORE, json_answer, json_view, shared
from chalicelib.petitions.find import petition_as_stored
from chalicelib.staff.authorizer import audited, staff_authorizer
from chalicelib.statements.freeze import freeze, sealed, unsealed
from chalicelib.statements.model import Statement

routes = Blueprint(__name__)

# It never changes; a minute, so that one whose key was given up is soon shown no more.
KEPT_SECONDS = 60


@routes.route(
    "/api/staff/petitions/{slug}/statements", methods=["POST"], content_types=["*/*"], authorizer=staff_authorizer
)
@json_view(routes)
def freeze_count(request: Request, slug: str) -> Response:
    """201 with the exact count of this moment, signed, and the address at which anybody may check it."""
    statement = freeze(petition_as_stored(slug, tables()), times.now(), tables())
    said = {"confirmed": str(statement.confirmed), "as_of": times.iso(statement.as_of)}
    audited(request, "statement.frozen", slug, said)
    url = _url(sealed(statement, settings().token_keys))
    return json_answer(_shown(statement, url), 201, {**NO_STORE, "Location": url})


@routes.route("/api/statements/{token}", cors=CORS)
@json_view(routes)
def check_statement(request: Request, token: str) -> Response:
    """The statement, if it is one of ours."""
    return json_answer(_shown(_checked(token), _url(token)), headers=shared(KEPT_SECONDS))


@routes.route("/statements/{token}")
@page_view(routes)
def show_statement(request: Request, token: str) -> Response:
    """The same for people: to read, to print, to check."""
    context = {"statement": _checked(token), "url": _url(token), "petition": None}
    return page(request, "statement.html", context, headers=shared(KEPT_SECONDS))


def _checked(token: str) -> Statement:
    return unsealed(token, settings().token_keys)


def _shown(statement: Statement, url: str) -> dict[str, object]:
    return {"url": url, "statement": statement.model_dump()}


def _url(token: str) -> str:
    return f"{settings().site_url}/statements/{token.strip()}"
