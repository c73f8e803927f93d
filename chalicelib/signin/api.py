"""The routes by which staff sign in: through their OpenID Connect provider, or with an invitation. No cookies."""

from typing import TYPE_CHECKING

from chalice.app import Blueprint

from chalicelib.aws.table import tables
from chalicelib.core import log, times
from chalicelib.core.errors import Forbidden, Gone, NotSignedIn, UnknownThing
from chalicelib.core.settings import settings
from chalicelib.core.validation import parse_body
from chalicelib.edge.http import json_answer, json_body, source_ip
from chalicelib.edge.route import SIGN_IN, Function
from chalicelib.edge.views import json_view
from chalicelib.signin.model import AcceptRequest, Provider, SessionRequest, SignInRequest, read_rights
from chalicelib.signin.sign_in import authorization_url, begin_session, identify_member
from chalicelib.staff.audit.record import Action, Actor, record, record_refusal
from chalicelib.staff.invitations import accept, opened

if TYPE_CHECKING:
    from chalicelib.edge.answers import Answer, Sent
    from chalicelib.signin.answers import Session, SignInAddress

routes = Blueprint(__name__)

SIGNED_IN_PAGE = "/staff/signed-in"


@json_view(routes, "POST", "/api/staff/sign-in", function=Function.SIGN_IN, throttle=SIGN_IN, raises=(UnknownThing,))
def begin_sign_in(request: "Sent[SignInRequest]") -> "Answer[SignInAddress]":
    """Start signing in.

    Public. The page generates the verifier, the state and the nonce, and keeps them. 404 if no provider is
    configured.

    Answer: The URL to open. The provider returns people to `/staff/signed-in`.
    """
    sign_in = parse_body(SignInRequest, json_body(request))
    answer: SignInAddress = {"authorization_url": authorization_url(sign_in, _provider(), _redirect_uri())}
    return json_answer(answer)


@json_view(
    routes,
    "POST",
    "/api/staff/session",
    function=Function.SIGN_IN,
    throttle=SIGN_IN,
    raises=(NotSignedIn, Forbidden, UnknownThing),
)
def open_session(request: "Sent[SessionRequest]") -> "Answer[Session]":
    """Exchange the provider's code for a staff token.

    Public. The code works once, and only with the page's verifier and nonce. 403 if the person has no right.

    Answer: The token. It is shown only once and works for eight hours.
    """
    returned, now = parse_body(SessionRequest, json_body(request)), times.now()
    member = identify_member(returned, _provider(), _redirect_uri(), now)
    session = begin_session(member, now, tables())
    rights = sorted(member.rights)
    # If recording fails, nobody gets the token.
    actor = Actor(token_id=session.token_id, owner=member.owner, source_ip=source_ip(request))
    action = Action(name="signed-in", subject=session.token_id, details={"rights": ",".join(rights)})
    record(actor, action, now, tables())
    log.note("signed_in", token=session.token_id)
    answer: Session = {
        "token": session.token,
        "expires_at": times.iso(session.expires_at),
        "owner": member.owner,
        "rights": rights,
    }
    return json_answer(answer)


@json_view(
    routes,
    "POST",
    "/api/staff/invitation",
    function=Function.SIGN_IN,
    throttle=SIGN_IN,
    raises=(Gone,),
)
def accept_invitation(request: "Sent[AcceptRequest]") -> "Answer[Session]":
    """Accept an invitation.

    Public. The page that the link opens changes nothing, because email scanners open every link; its button sends
    this. The link works once, within 72 hours. Only the same `attempt` may be repeated.

    Answer: The token, with the rights that the person who sent the invitation chose. It is shown only once.
    """
    asked, now = parse_body(AcceptRequest, json_body(request)), times.now()
    opened_token = opened(asked.token, asked.attempt, now, settings().token_keys, tables())
    token = opened_token.stored
    actor = Actor(token_id=token.token_id, owner=token.owner, source_ip=source_ip(request))
    # If recording fails, nobody gets the token.
    cursor = record(actor, Action(name="token.accepted", subject=token.token_id), now, tables())
    try:
        text = accept(opened_token, now, tables())
    except Gone as refused:
        record_refusal(cursor, refused.why, tables())
        raise
    log.note("invitation_accepted", token=token.token_id)
    answer: Session = {
        "token": text,
        "expires_at": times.iso(token.expires_at),
        "owner": token.owner,
        "rights": sorted(token.rights),
    }
    return json_answer(answer)


def _provider() -> Provider:
    """Return the provider from our settings. Raise UnknownThing if sign-in is not set up."""
    values = settings()
    if not values.oidc_issuer or not values.oidc_client_id:
        raise UnknownThing("Sign-in is not set up on this site. Use a staff token.")
    rights = read_rights(values.oidc_rights)
    return Provider(values.oidc_issuer, values.oidc_client_id, values.oidc_client_secret, values.oidc_claim, rights)


def _redirect_uri() -> str:
    return f"{settings().site_url}{SIGNED_IN_PAGE}"
