"""Requests to the public pages and routes, and requests to sign in."""

import json

from chalicelib.core.tokens import Purpose
from chalicelib.pages.render import asset_url, dashboard_version
from tests.actors import LINKS, fields_of, json_of
from tests.fake_site import FORM, JSON
from tests.openapi.cases import NO_PROVIDER, Case, get, link_cases, own_link_cases, post, refused_bodies, signing_cases
from tests.signin.test_api import SESSION_BODY, SIGN_IN_BODY

# This route has no authorizer, so our own code answers 401 and 403.
SESSION = "/api/staff/session"
INVITATION = "/api/staff/invitation"
JSON_BODY = json.dumps(json_of()).encode()
FORM_BODY = b"&".join(f"{name}={value}".encode() for name, value in fields_of().items())
ASSET, STAFF_ASSET = "/assets/{name}", "/assets/staff/{version}/{name}"
PICTURE = "/petitions/{slug}/pictures/{digest}"
MINE = "/my-signatures"
MY_SIGNATURES = [
    get(200, MINE),
    *(post(status, MINE, MINE, body) for status, body in {200: b"email=a@b.example", 422: b"email=a"}.items()),
    post(413, MINE, MINE, b"a" * 16_385),
    post(415, MINE, MINE, b"email=a@b.example", "text/plain"),
    *(
        case
        for method, route, purpose in (
            ("GET", MINE, MINE[1:]),
            ("POST", f"{MINE}/change", MINE[1:]),
            ("POST", f"{MINE}/file", MINE[1:]),
            ("GET", f"{MINE}/move", f"{MINE[1:]}/move"),
            ("POST", f"{MINE}/move", f"{MINE[1:]}/move"),
        )
        for case in own_link_cases(method, route, purpose)
    ),
    post(410, f"{MINE}/file", f"{MINE}/file?token=<my-signatures-left>", b""),
]
ACCEPTANCE = {"token": "<invitation>", "attempt": "a" * 43}


def accepting_cases(route: str, body: bytes) -> list[Case]:
    right = post(200, route, route, body, JSON)
    return [right, *refused_bodies(right, invalid=b"{}")]


PUBLIC_REQUESTS = [
    *signing_cases("/api/petitions/{slug}/signatures", JSON, 202, JSON_BODY),
    *signing_cases("/api/petitions/{slug}/challenge", JSON, 200, b'{"email": "alice@mail.example"}'),
    *signing_cases("/petitions/{slug}/signatures", FORM, 303, FORM_BODY, b"name="),
    *(case for purpose in (*LINKS, Purpose.STOP) for case in link_cases(purpose)),
    *MY_SIGNATURES,
    post(410, "/confirm", "/confirm?token=<confirm-removed>", b""),
    post(422, "/confirm", "/confirm", b"token=<confirm>&name=%3D1"),
    get(302, "/s/{code}", "/s/<short>"),
    get(404, "/s/{code}", "/s/222222"),
    *(
        get(status, route, route.replace("{token}", token))
        for route in ("/api/statements/{token}", "/statements/{token}")
        for token, status in {"<statement>": 200, "<statement>x": 404, "<confirm>": 404}.items()
    ),
    *(
        case
        for route, right in {"/api/staff/sign-in": SIGN_IN_BODY, SESSION: SESSION_BODY, INVITATION: ACCEPTANCE}.items()
        for case in accepting_cases(route, json.dumps(right).encode())
    ),
    *(
        post(404, route, f"{route}{NO_PROVIDER}", json.dumps(right).encode(), JSON)
        for route, right in {"/api/staff/sign-in": SIGN_IN_BODY, SESSION: SESSION_BODY}.items()
    ),
    post(410, INVITATION, INVITATION, json.dumps({**ACCEPTANCE, "token": "<invitation-used>"}).encode(), JSON),
    get(200, PICTURE, "/petitions/safe-children/pictures/0123456789abcdef"),
    get(404, PICTURE, "/petitions/safe-children/pictures/none"),
    *(get(200, ASSET, asset_url(name, base="")) for name in ("site.css", "petition.js", "icon.svg")),
    get(304, ASSET, asset_url("site.css", base=""), **{"If-None-Match": "*"}),
    get(404, ASSET, "/assets/render.py"),
    *(get(200, STAFF_ASSET, f"/assets/staff/{dashboard_version()}/{name}") for name in ("app.js", "staff.css")),
    get(304, STAFF_ASSET, f"/assets/staff/{dashboard_version()}/app.js", **{"If-None-Match": "*"}),
    get(404, STAFF_ASSET, "/assets/staff/0/render.py"),
]
