"""Staff tokens over HTTP. Each action is recorded in the activity log (`audit`) before it is done."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

from chalice.app import Blueprint, Request
from pydantic import AfterValidator, Field, StringConstraints

from chalicelib.aws.email import mail_quota
from chalicelib.aws.queue import mail_queue, other_mail_queue
from chalicelib.aws.table import tables
from chalicelib.core import times
from chalicelib.core.errors import Forbidden, UnknownThing
from chalicelib.core.models import ClosedModel
from chalicelib.core.printable import has_unprintable
from chalicelib.core.rights import Right
from chalicelib.core.validation import Words, parse_body
from chalicelib.core.web_addresses import web_addresses
from chalicelib.edge.http import json_answer, json_body
from chalicelib.edge.route import Access
from chalicelib.edge.routes import all_routes
from chalicelib.mail.kind import Outbox
from chalicelib.mail.sending import refuse_suppressed
from chalicelib.petitions.text import SesAddress
from chalicelib.staff.authorizer import audit, rights_of, staff_view
from chalicelib.staff.invitation_mail import EMAILS, INVITATION_KINDS
from chalicelib.staff.invitations import invitation
from chalicelib.staff.tokens import (
    NewToken,
    StaffToken,
    all_tokens,
    audit_details,
    find_token,
    new_token,
    revoke,
    store_token,
)

if TYPE_CHECKING:
    from chalicelib.edge.answers import Answer, Sent
    from chalicelib.staff.answers import IssuedToken, MyToken, ShownToken, ShownTokens

routes = Blueprint(__name__)

MAX_TOKEN_DAYS, DEFAULT_TOKEN_DAYS = 3650, 90
WORDS = Words(wrong={"email": "Enter an email address in the right format, such as name@example.org"})


def _label(owner: str) -> str:
    """Our emails to colleagues name owners, so an owner must not be a message."""
    if has_unprintable(owner) or web_addresses(owner):
        raise ValueError("Enter a name without links or special characters")
    return owner


class TokenRequest(ClosedModel):
    owner: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), AfterValidator(_label)
    ]
    """The person or system that gets the token."""
    rights: Annotated[list[Right], Field(min_length=1, max_length=len(Right))]
    """The rights of the new token. Only rights that your own token has."""
    days: Annotated[int, Field(ge=1, le=MAX_TOKEN_DAYS)] | None = None
    """For how many days the token is valid. Default: 90, but not longer than your own token."""


class InvitationRequest(TokenRequest):
    email: SesAddress
    """Where the link is sent: your colleague's own address."""


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
    now = times.now()
    token = _new_token(parse_body(TokenRequest, json_body(request)), request, now)
    audit(request, "token.issued", token.stored.token_id, audit_details(token.stored))
    text = store_token(token, tables())
    return json_answer({"token": text, **_fields(token.stored, now)}, 201)


@staff_view(routes, "POST", "/invitations", Right.MANAGE, status=201)
def invite_colleague(request: "Sent[InvitationRequest]") -> "Answer[ShownToken]":
    """Invite a colleague by email.

    The link in the email works once, within 72 hours, and gives your colleague a token with these rights. For rights
    and days, the rules of a token that you issue apply. Revoke an invitation as a token.

    Answer: The invitation. It is in the list of tokens.
    """
    now = times.now()
    new = parse_body(InvitationRequest, json_body(request), WORDS)
    token = _new_token(new, request, now).stored
    refuse_suppressed(new.email, mail_quota())
    invited = invitation(token, new.email, _own_token(request))
    audit(request, "token.invited", token.token_id, audit_details(token))
    store_token(invited, tables())
    email = EMAILS.request(token.token_id, now, tables())
    Outbox(mail_queue(), other_mail_queue(), INVITATION_KINDS).send_now([email])
    return json_answer(_fields(invited.stored, now), 201)


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


def _new_token(asked: TokenRequest, request: Request, now: datetime) -> NewToken:
    """Return the token, which is not stored yet. Raise Forbidden if it could do more than the caller's own."""
    if set(asked.rights) - rights_of(request):
        raise Forbidden("You can only give rights that your own token has.")
    return new_token(asked.owner, asked.rights, now, _expiry(asked.days, _own_token(request).expires_at, now))


def _expiry(days: int | None, own_expiry: datetime, now: datetime) -> datetime:
    """Raise Forbidden if `days` go beyond the expiry of the caller's own token."""
    if days is None:
        return min(own_expiry, now + timedelta(days=DEFAULT_TOKEN_DAYS))
    if now + timedelta(days=days) > own_expiry:
        until = times.in_words(own_expiry)
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
    fields = token.model_dump(exclude={"secret_sha256", "invited_with"})
    usable = token.revoked_at is None and now < token.expires_at
    return {**fields, "rights": sorted(token.rights), "usable": usable}


def rights_by_route() -> dict[str, Right]:
    """Return the right that each route of staff and partners needs, by method and path. Leave out those with none."""
    routes = all_routes().values()
    return {f"{each.method} {each.pattern}": each.right for each in routes if isinstance(each.right, Right)}
