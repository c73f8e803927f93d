"""A fake provider on loopback that answers and signs anything, for cases that a real provider never produces."""

import atexit
import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from chalicelib.core.caching import forget_all
from chalicelib.core.rights import Right
from chalicelib.core.settings import settings
from chalicelib.signin.model import Provider
from tests.actors import DAY, NOW

CLIENT, NONCE = "petitions", "n" * 43
RSA, OTHER_RSA = RSAKey.generate_key(2048, {"kid": "one"}), RSAKey.generate_key(2048, {"kid": "one"})
EC = ECKey.generate_key("P-256", {"kid": "two"})
RIGHTS = {"team": [Right.COUNTS, Right.MANAGE], "others": [Right.PEOPLE]}


@dataclass
class FakeProvider:
    """The provider's answers, and the requests it received. `other_answer`: for every path but discovery and keys."""

    issuer: str = ""
    document: dict[str, Any] = field(default_factory=dict)
    keys: list[dict[str, Any]] = field(default_factory=list)
    other_answer: tuple[int, Any] = (200, {})
    requested_paths: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)

    def as_configured(self, **changes: Any) -> Provider:
        values: dict[str, Any] = {"issuer": self.issuer, "client_id": CLIENT, "rights": RIGHTS}
        return Provider(**values | changes)

    def claims(self, **changes: Any) -> dict[str, Any]:
        now = int(NOW.timestamp())
        standard = {"iss": self.issuer, "aud": CLIENT, "sub": "b0b", "iat": now, "exp": now + 300, "nonce": NONCE}
        person = {"email": "bob@charity.example", "email_verified": True, "groups": ["team"]}
        claims = {**standard, **person, **changes}
        return {name: value for name, value in claims.items() if value is not None}

    def issue_token(self, **changes: Any) -> str:
        """Return an ID token with these claims, and answer every code with it from now on."""
        token = jwt.encode({"alg": "RS256", "kid": "one"}, self.claims(**changes), RSA)
        self.other_answer = 200, {"id_token": token, "token_type": "Bearer", "access_token": "x"}
        return token

    def answer(self, path: str) -> tuple[int, Any]:
        self.requested_paths.append(path)
        if path == "/.well-known/openid-configuration":
            return 200, self.document
        if path == "/jwks":
            return 200, {"keys": self.keys}
        return self.other_answer


@contextmanager
def a_fake_provider() -> Iterator[FakeProvider]:
    provider = FakeProvider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = provider.answer(self.path)
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", f"{provider.issuer}/elsewhere")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_POST(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers["content-length"]))
            provider.headers.append(headers)
            provider.bodies.append(body.decode())
            self.do_GET()

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.005,), daemon=True)
        thread.start()
        provider.issuer = f"http://127.0.0.1:{server.server_port}"
        provider.document = {
            "issuer": provider.issuer,
            "authorization_endpoint": f"{provider.issuer}/authorize",
            "token_endpoint": f"{provider.issuer}/token",
            "jwks_uri": f"{provider.issuer}/jwks",
        }
        provider.keys = [dict(RSA.as_dict(private=False)), dict(EC.as_dict(private=False))]
        provider.issue_token()
        yield provider
        server.shutdown()
        thread.join()


@contextmanager
def run_provider(patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let staff sign in with a provider that runs until the process ends."""
    variables = {"ISSUER": _issuer(), "CLIENT_ID": CLIENT, "CLAIM": "groups", "RIGHTS": '{"team": ["counts"]}'}
    for name, value in variables.items():
        patch.setenv(f"OIDC_{name}", value)
    settings.cache_clear()
    forget_all()
    yield
    forget_all()
    settings.cache_clear()


@cache
def _issuer() -> str:
    """Start a provider that lets Bob in, until the process ends, and return its address."""
    running = ExitStack()
    atexit.register(running.close)
    provider = running.enter_context(a_fake_provider())
    provider.issue_token(exp=int((NOW + DAY).timestamp()))
    return provider.issuer
