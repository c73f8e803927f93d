"""The door for staff: API Gateway asks this authorizer before any staff route runs."""

from chalice.app import AuthRequest, AuthResponse, AuthRoute, Blueprint

from chalicelib import log, moments
from chalicelib.aws.table import tables
from chalicelib.staff.model import Right
from chalicelib.staff.tokens import UnknownToken, recognise

doors = Blueprint(__name__)

# Every staff route stands here under the right it needs; what stands nowhere, nobody may.
ROUTES: dict[Right, list[AuthRoute]] = {
    Right.COUNTS: [
        AuthRoute("/api/staff/petitions", ["GET"]),
        AuthRoute("/api/staff/petitions/*/counts", ["GET"]),
    ],
    Right.MANAGE: [],
}
# API Gateway takes no policy without a resource: this one leads nowhere.
NOWHERE = AuthRoute("/api/staff/nowhere", ["GET"])


@doors.authorizer(ttl_seconds=0)
def staff_authorizer(request: AuthRequest) -> AuthResponse:
    """An unknown token is 401, a known one without the right 403; AWS wants exactly this word for the first."""
    log.begin("")
    try:
        token = recognise(request.token, moments.now(), tables())
    except UnknownToken:
        log.event("staff_refused")
        raise Exception("Unauthorized") from None
    routes = [route for right in sorted(token.rights) for route in ROUTES[right]]
    log.event("staff_recognised", token=token.token_id)
    return AuthResponse(routes=[*routes, NOWHERE], principal_id=token.token_id)
