"""The data of a sign-in with OpenID Connect: the provider as configured, its discovery document, and the requests."""

import json
from dataclasses import dataclass, field
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, StringConstraints

from chalicelib.core.models import ClosedModel, FrozenModel
from chalicelib.core.rights import Right

# Where tests run a provider without TLS.
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def require_https(url: str) -> str:
    parts = urlsplit(url)
    is_loopback = parts.scheme == "http" and parts.hostname in LOOPBACK
    if parts.scheme == "https" or is_loopback:
        return url
    raise ValueError("must be https")


Url = Annotated[str, AfterValidator(require_https)]
# The formats of RFC 7636.
Verifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._~-]{43,128}$")]
Challenge = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$")]
Nonce = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{22,128}$")]


@dataclass(frozen=True)
class Provider:
    """As configured. The claim `claim` of an ID token gives rights. `rights`: by the claim's value."""

    issuer: str
    client_id: str
    client_secret: str = ""
    claim: str = "groups"
    rights: dict[str, list[Right]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require_https(self.issuer)  # Or raise ValueError.


def read_rights(text: str) -> dict[str, list[Right]]:
    """Parse JSON such as {"petition-team": ["counts", "manage"]}. Raise ValueError for an unknown right."""
    return {claim: [Right(name) for name in names] for claim, names in json.loads(text or "{}").items()}


class Discovery(FrozenModel):
    """The fields of OpenID Connect Discovery 1.0 that we use."""

    issuer: Url
    authorization_endpoint: Url
    token_endpoint: Url
    jwks_uri: Url
    scopes_supported: tuple[str, ...] = ()
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class SignInRequest(ClosedModel):
    """The body of `POST /api/staff/sign-in`. The page makes these values and keeps them for the second request."""

    code_challenge: Challenge
    state: Nonce
    nonce: Nonce


class AcceptRequest(ClosedModel):
    token: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    """The token of the link in the email."""
    attempt: Nonce
    """A random text that the page makes. If the answer is lost, the same attempt gets the same token."""


class SessionRequest(ClosedModel):
    # Codes of Microsoft Entra have more than 2 KB.
    code: Annotated[str, StringConstraints(min_length=1, max_length=8192)]
    code_verifier: Verifier
    nonce: Nonce
