"""Operations by which staff sign in with OpenID Connect. The provider has the accounts of the staff's organisation."""

from chalicelib.signin.answers import Session, SignInAddress
from chalicelib.signin.model import SessionRequest, SignInRequest
from stack.openapi.operation import Answer, Body, Operation, Operations

NONCE = "9NdpIo0FmE2z2RfXFCb2r9w6um6fkdiXwFPbiK-bP34"

OPERATIONS: Operations = {
    "begin_sign_in": Operation(
        "Start signing in",
        Answer("The URL to open. The provider returns people to `/staff/signed-in`.", SignInAddress),
        "Public. The page generates the verifier, the state and the nonce, and keeps them. 404 if no provider is "
        "configured.",
        body=Body(
            SignInRequest,
            {
                "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
                "state": "7KAcrsffx0pD2Z1ex1NT4P1xQCD7U8i6I2hvpum-ulE",
                "nonce": NONCE,
            },
        ),
        problems={404: "UnknownThing"},
    ),
    "open_session": Operation(
        "Exchange the provider's code for a staff token",
        Answer("The token. It is shown only once and works for eight hours.", Session),
        "Public. The code works once, and only with the page's verifier and nonce. 403 if the person has no right.",
        body=Body(
            SessionRequest,
            {
                "code": "btpL7CXkPGDbN09k7BpvQxgmsNW43k",
                "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
                "nonce": NONCE,
            },
        ),
        problems={401: "Unauthorized", 403: "Forbidden", 404: "UnknownThing"},
    ),
}
