"""Sign in staff through their OpenID Connect provider, and issue a staff token that is valid for eight hours."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from chalicelib.aws.table import Tables
from chalicelib.core.errors import Forbidden
from chalicelib.core.rights import Right
from chalicelib.signin.model import Discovery, Provider, SessionRequest, SignInRequest
from chalicelib.signin.provider import Claims, discovery_of, fetch_id_token, keys_of, verify
from chalicelib.staff.tokens import issue

LIFETIME = timedelta(hours=8)
MAX_OWNER_LENGTH = 100


@dataclass(frozen=True)
class Member:
    """A member of staff. `owner` is an email address or the provider's id. `rights` are from our settings."""

    owner: str
    rights: frozenset[Right]


@dataclass(frozen=True)
class StaffSession:
    """`token` is the text of an ordinary staff token. It is shown only once."""

    token: str
    expires_at: datetime

    @property
    def token_id(self) -> str:
        return self.token.split("_")[1]  # staff_<id>_<secret>


def authorization_url(sign_in: SignInRequest, provider: Provider, redirect_uri: str) -> str:
    """Return the URL that the browser opens to sign in. Raise ProviderUnavailable."""
    discovery = discovery_of(provider)
    fields = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": redirect_uri,
        "scope": _scopes(provider, discovery),
        "state": sign_in.state,
        "nonce": sign_in.nonce,
        "code_challenge": sign_in.code_challenge,
        "code_challenge_method": "S256",
    }
    joiner = "&" if "?" in discovery.authorization_endpoint else "?"
    return f"{discovery.authorization_endpoint}{joiner}{urlencode(fields)}"


def identify_member(returned: SessionRequest, provider: Provider, redirect_uri: str, now: datetime) -> Member:
    """Return who signed in. Raise Forbidden without rights, NotSignedIn for a refused code or token,
    ProviderUnavailable.
    """
    discovery = discovery_of(provider)
    token = fetch_id_token(provider, discovery, returned, redirect_uri)
    claims = verify(token, provider, returned.nonce, lambda key_id: keys_of(discovery, key_id), now)
    rights = rights_of(claims, provider)
    if not rights:
        raise Forbidden("You are signed in, but you do not have access yet. Ask the person who runs this site.")
    return Member(owner_of(claims), rights)


def begin_session(member: Member, now: datetime, tables: Tables) -> StaffSession:
    expires_at = now + LIFETIME
    token = issue(member.owner, member.rights, now, expires_at, tables)
    return StaffSession(token, expires_at)


def rights_of(claims: Claims, provider: Provider) -> frozenset[Right]:
    """Return all rights that our settings give to the claim `provider.claim`. An `email` must be verified."""
    if provider.claim == "email" and not _has_verified_email(claims):
        return frozenset()
    claimed = claims.get(provider.claim)
    claimed_values = claimed if isinstance(claimed, list) else [claimed]
    claimed_names = {_folded(value, provider.claim) for value in claimed_values if isinstance(value, str)}
    found = [rights for value, rights in provider.rights.items() if _folded(value, provider.claim) in claimed_names]
    return frozenset(right for rights in found for right in rights)


def _folded(name: str, claim: str) -> str:
    """Return an email address in lower case. Group names that differ only in case may be different groups."""
    return name.casefold() if claim == "email" else name


def owner_of(claims: Claims) -> str:
    """Return the email address if the provider has verified it, or else the provider's id of the person."""
    email = claims.get("email")
    is_verified = bool(email) and _has_verified_email(claims)
    owner = email if is_verified else claims["sub"]
    return str(owner)[:MAX_OWNER_LENGTH]


def _has_verified_email(claims: Claims) -> bool:
    return claims.get("email_verified") in (True, "true")  # Some providers send a text.


def _scopes(provider: Provider, discovery: Discovery) -> str:
    """Return the scopes to request: also the claim that gives rights: some providers need the scope `groups`."""
    scopes = ["openid", "email"]
    if provider.claim in discovery.scopes_supported and provider.claim not in scopes:
        scopes.append(provider.claim)
    return " ".join(scopes)
