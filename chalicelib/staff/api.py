"""Staff tokens over HTTP. Each action is recorded in the activity log (`audit`) before it is done."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

from chalice.app import Blueprint, Request
from pydantic import Field, StringConstraints

from chalicelib.aws.table import tables
from chalicelib.core import times
from chalicelib.core.errors import Forbidden, UnknownThing
from chalicelib.core.models import ClosedModel
from chalicelib.core.rights import Right
from chalicelib.core.validation import parse_body
from chalicelib.edge.http import json_answer, json_body
from chalicelib.edge.route import Access
from chalicelib.edge.routes import all_routes
from chalicelib.staff.authorizer import audit, rights_of, staff_view
from chalicelib.staff.tokens import StaffToken, all_tokens, audit_details, find_token, new_token, revoke, store_token

if TYPE_CHECKING:
    from chalicelib.edge.answers import Answer, Sent
    from chalicelib.staff.answers import IssuedToken, MyToken, ShownToken, ShownTokens

routes = Blueprint(__name__)

MAX_TOKEN_DAYS, DEFAULT_TOKEN_DAYS = 3650, 90


class TokenRequest(ClosedModel):
    """The body of `POST /api/staff/tokens`."""

    owner: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
    """The person or system that gets the token."""
    rights: Annotated[list[Right], Field(min_length=1, max_length=len(Right))]
    """The rights of the new token. Only rights that your own token has."""
    days: Annotated[int, Field(ge=1, le=MAX_TOKEN_DAYS)] | None = None
    """For how many days the token is valid. Default: 90, but not longer than your own token."""


@staff_view(routes, "GET", "/me", Access.ANY_STAFF_TOKEN)
def read_me(request: Request) -> "Answer[MyToken]":
    """The owner and rights of your token."""
    fields = _fields(_own_token(request), times.now())
    return json_answer({**fields, "routes": rights_by_route()})


@staff_view(routes, "GET", "/tokens", Right.MANAGE)
def list_tokens(request: Request) -> "Answer[ShownTokens]":
    """All staff tokens, without their secrets. Newest first, including expired and revoked tokens."""
    now = times.now()
    shown = [_fields(token, now) for token in all_tokens(tables())]
    return json_answer({"tokens": shown})


@staff_view(routes, "POST", "/tokens", Right.MANAGE, status=201)
def issue_token(request: "Sent[TokenRequest]") -> "Answer[IssuedToken]":
    """Issue a staff token.

    Your own token must have every right that you give, and be valid for at least as long as the new token.
    Otherwise the answer is 403. A token without `days` is valid for 90 days, or until your own token expires, if
    that is sooner.

    Answer: The token. It is shown only once.
    """
    new = parse_body(TokenRequest, json_body(request))
    if set(new.rights) - rights_of(request):
        raise Forbidden("You can only give rights that your own token has.")
    now = times.now()
    expires_at = _expiry(new.days, _own_token(request).expires_at, now)
    token = new_token(new.owner, new.rights, now, expires_at)
    audit(request, "token.issued", token.stored.token_id, audit_details(token.stored))
    text = store_token(token, tables())
    return json_answer({"token": text, **_fields(token.stored, now)}, 201)


@staff_view(routes, "DELETE", "/tokens/{token_id}", Right.MANAGE)
def revoke_token(request: Request, token_id: str) -> "Answer[ShownToken]":
    """Revoke a token.

    Your own token must have all rights of the token, except `partner`.

    Answer: Revoked. Repeating gives the same answer.
    """
    token = _existing_token(token_id)
    if token.rights - rights_of(request) - {Right.PARTNER}:
        raise Forbidden("This token has rights that your own token does not have. Ask your engineer to revoke it.")
    audit(request, "token.revoked", token.token_id, audit_details(token))
    revoke(token.token_id, times.now(), tables())
    revoked = _existing_token(token_id)
    return json_answer(_fields(revoked, times.now()))


def _expiry(days: int | None, own_expiry: datetime, now: datetime) -> datetime:
    """Raise Forbidden if `days` go beyond the expiry of the caller's own token."""
    if days is None:
        return min(own_expiry, now + timedelta(days=DEFAULT_TOKEN_DAYS))
    if now + timedelta(days=days) > own_expiry:
        until = f"{own_expiry:%-d %B %Y, %H:%M} UTC"
        raise Forbidden(f"Your own token is valid until {until}. A token that you issue cannot be valid for longer.")
    return now + timedelta(days=days)


def _own_token(request: Request) -> StaffToken:
    return _existing_token(request.context["authorizer"]["principalId"])


def _existing_token(token_id: str) -> StaffToken:
    token = find_token(token_id, tables())
    if token is None:
        raise UnknownThing("There is no such token.")
    return token


def _fields(token: StaffToken, now: datetime) -> dict[str, object]:
    fields = token.model_dump(exclude={"secret_sha256"})
    usable = token.revoked_at is None and now < token.expires_at
    return {**fields, "rights": sorted(token.rights), "usable": usable}


def rights_by_route() -> dict[str, Right]:
    """Return the right that each route of staff and partners needs, by method and path. Leave out those with none."""
    routes = all_routes().values()
    return {f"{each.method} {each.pattern}": each.right for each in routes if isinstance(each.right, Right)}
