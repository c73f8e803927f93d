"""Routes of statements: staff freeze the count of this moment in a signed statement, and anyone can check it.

The long address contains the statement as a signed token, so a check reads no table. The short one redirects to it. The
activity log records a statement (`audit`) before anybody gets it.
"""

from typing import TYPE_CHECKING

from chalice.app import Blueprint, Request, Response

from chalicelib.aws.table import tables
from chalicelib.core import times
from chalicelib.core.rights import Right
from chalicelib.core.settings import settings
from chalicelib.edge.html import page, page_view
from chalicelib.edge.http import NO_STORE, cache_headers, json_answer, redirect
from chalicelib.edge.route import PRESS, Cache, Function
from chalicelib.edge.views import json_view
from chalicelib.petitions.find import petition_as_stored
from chalicelib.staff.authorizer import audit, staff_view
from chalicelib.statements.freeze import (
    Statement,
    find_statement_token,
    freeze,
    statement_from_token,
    statement_token,
    store_short_code,
)

if TYPE_CHECKING:
    from chalicelib.edge.answers import Answer
    from chalicelib.statements.answers import FrozenStatement, NewStatement

routes = Blueprint(__name__)

# A statement never changes, but it is invalid after we retire the key that signed it.
CACHE_SECONDS = 60


@staff_view(routes, "POST", "/petitions/{slug}/statements", Right.COUNTS, status=201, headers=("Location",))
def freeze_count(request: Request, slug: str) -> "Answer[NewStatement]":
    """Freeze the count for the press.

    Makes a signed statement with the exact count at this moment. The request has no body. The long URL contains the
    whole statement. The short URL can be read out; the site stores which long URL it leads to. The activity log
    records the request.
    """
    petition = petition_as_stored(slug, tables())
    statement = freeze(petition, times.now(), tables())
    details = {"confirmed": str(statement.confirmed), "as_of": times.iso(statement.as_of)}
    audit(request, "statement.frozen", slug, details)
    token = statement_token(statement, settings().token_keys)
    code = store_short_code(token, tables())
    short_url = f"{settings().site_url}/s/{code}"
    body = {**_statement_answer(statement, _url(token)), "short_url": short_url}
    return json_answer(body, 201, {**NO_STORE, "Location": _url(token)})


@json_view(routes, "GET", "/api/statements/{token}", function=Function.COUNTS, cache=Cache.SECONDS, throttle=PRESS)
def check_statement(request: Request, token: str) -> "Answer[FrozenStatement]":
    """Check a statement. 200 if this site signed exactly this statement, otherwise 404."""
    statement = _statement_in(token)
    return json_answer(_statement_answer(statement, _url(token)), headers=cache_headers(CACHE_SECONDS))


@page_view(
    routes,
    "GET",
    "/s/{code}",
    function=Function.COUNTS,
    cache=Cache.SECONDS,
    query=("lang",),
    throttle=PRESS,
    status=302,
)
def show_short_statement(request: Request, code: str) -> Response:
    """Go to a statement by its short address."""
    token = find_statement_token(code, tables())
    response = redirect(request, f"/statements/{token}", 302)
    response.headers |= cache_headers(CACHE_SECONDS)
    return response


@page_view(
    routes, "GET", "/statements/{token}", function=Function.COUNTS, cache=Cache.SECONDS, query=("lang",), throttle=PRESS
)
def show_statement(request: Request, token: str) -> Response:
    """A statement as a page, to read and print."""
    context = {"statement": _statement_in(token), "url": _url(token)}
    return page(request, "statement.html", context, headers=cache_headers(CACHE_SECONDS))


def _statement_in(token: str) -> Statement:
    return statement_from_token(token, settings().token_keys)


def _statement_answer(statement: Statement, url: str) -> dict[str, object]:
    return {"url": url, "statement": statement.model_dump()}


def _url(token: str) -> str:
    """Remove spaces that somebody copied around the token."""
    return f"{settings().site_url}/statements/{token.strip()}"
