"""A fake provider on loopback that answers and signs anything, for cases that a real provider never produces."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from chalicelib.core.rights import Right
from chalicelib.signin.model import Provider
from tests.actors import NOW

CLIENT, NONCE = "petitions", "n" * 43
RSA, OTHER_RSA = RSAKey.generate_key(2048, {"kid": "one"}), RSAKey.generate_key(2048, {"kid": "one"})
EC = ECKey.generate_key("P-256", {"kid": "two"})
RIGHTS = {"team": [Right.COUNTS, Right.MANAGE], "others": [Right.PEOPLE]}


@dataclass
class Issuing:
    """The provider's answers, and the requests it received."""

    issuer: str = ""
    document: dict[str, Any] = field(default_factory=dict)
    keys: list[dict[str, Any]] = field(default_factory=list)
    token: tuple[int, Any] = (200, {})
    requested: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)

    def provider(self, **changes: Any) -> Provider:
        values: dict[str, Any] = {"issuer": self.issuer, "client_id": CLIENT, "rights": RIGHTS}
        return Provider(**values | changes)

    def claims(self, **changes: Any) -> dict[str, Any]:
        now = int(NOW.timestamp())
        standard = {"iss": self.issuer, "aud": CLIENT, "sub": "b0b", "iat": now, "exp": now + 300, "nonce": NONCE}
        person = {"email": "bob@charity.example", "email_verified": True, "groups": ["team"]}
        claims = {**standard, **person, **changes}
        return {name: value for name, value in claims.items() if value is not None}

    def vouch(self, **changes: Any) -> str:
        """Return an ID token with these claims, and answer every code with it from now on."""
        token = jwt.encode({"alg": "RS256", "kid": "one"}, self.claims(**changes), RSA)
        self.token = 200, {"id_token": token, "token_type": "Bearer", "access_token": "x"}
        return token

    def answer(self, path: str) -> tuple[int, Any]:
        self.requested.append(path)
        if path == "/.well-known/openid-configuration":
            return 200, self.document
        return (200, {"keys": self.keys}) if path == "/jwks" else self.token


@contextmanager
def issuing() -> Iterator[Issuing]:
    site = Issuing()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = site.answer(self.path)
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", f"{site.issuer}/elsewhere")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_POST(self) -> None:
            site.headers.append({name.lower(): value for name, value in self.headers.items()})
            site.bodies.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.do_GET()

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.005,), daemon=True)
        thread.start()
        site.issuer = f"http://127.0.0.1:{server.server_port}"
        site.document = {
            "issuer": site.issuer,
            "authorization_endpoint": f"{site.issuer}/authorize",
            "token_endpoint": f"{site.issuer}/token",
            "jwks_uri": f"{site.issuer}/jwks",
        }
        site.keys = [dict(RSA.as_dict(private=False)), dict(EC.as_dict(private=False))]
        site.vouch()
        yield site
        server.shutdown()
        thread.join()
