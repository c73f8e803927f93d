"""Sign-in for people: their provider says who they are, our table says what they may, for a working day."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from chalicelib.aws.table import Tables
from chalicelib.core.errors import Forbidden
from chalicelib.signin.model import CodeReturned, Discovered, Provider, SignInBegun
from chalicelib.signin.provider import discovered, id_token, keys_of
from chalicelib.signin.verify import Claims, verified
from chalicelib.staff.model import Right
from chalicelib.staff.tokens import issue

LIFETIME = timedelta(hours=8)
LONGEST_OWNER = 100


@dataclass(frozen=True)
class Member:
    """Somebody on the staff, as their provider knows them."""

    owner: str
    rights: frozenset[Right]


@dataclass(frozen=True)
class Session:
    """`token` is a staff token like any other, and is shown this once."""

    token: str
    expires_at: datetime
    member: Member

    @property
    def token_id(self) -> str:
        return self.token.split("_")[1]


def authorization_url(begun: SignInBegun, provider: Provider, redirect_uri: str) -> str:
    """Where the browser goes. Raise ProviderSilent."""
    known = discovered(provider)
    asked = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": redirect_uri,
        "scope": _scopes(provider, known),
        "state": begun.state,
        "nonce": begun.nonce,
        "code_challenge": begun.code_challenge,
        "code_challenge_method": "S256",
    }
    joiner = "&" if "?" in known.authorization_endpoint else "?"
    return f"{known.authorization_endpoint}{joiner}{urlencode(asked)}"


def member_for(returned: CodeReturned, provider: Provider, redirect_uri: str, now: datetime) -> Member:
    """Who came back with this code. Raise NotSignedIn, ProviderSilent, or Forbidden for who has no right here."""
    known = discovered(provider)
    token = id_token(provider, known, returned, redirect_uri)
    claims = verified(token, provider, returned.nonce, lambda key_id: keys_of(known, key_id), now)
    rights = rights_of(claims, provider)
    if not rights:
        raise Forbidden("You are signed in, but nobody gave you a right here. Ask whoever runs this site.")
    return Member(owner_of(claims), rights)


def begin_session(member: Member, now: datetime, tables: Tables) -> Session:
    expires_at = now + LIFETIME
    return Session(issue(member.owner, member.rights, now, expires_at, tables), expires_at, member)


def rights_of(claims: Claims, provider: Provider) -> frozenset[Right]:
    """All that any of the claim's values gives. An address counts only when the provider has verified it."""
    if provider.claim == "email" and not _is_verified(claims):
        return frozenset()
    found = claims.get(provider.claim)
    values = found if isinstance(found, list) else [found]
    # Nobody's mailbox depends on capitals; a group's name may.
    fold = str.casefold if provider.claim == "email" else str
    names = {fold(value) for value in values if isinstance(value, str)}
    return frozenset(right for name, rights in provider.rights.items() if fold(name) in names for right in rights)


def owner_of(claims: Claims) -> str:
    """As staff know each other, where the provider vouches for it."""
    email = claims.get("email")
    return str(email if email and _is_verified(claims) else claims["sub"])[:LONGEST_OWNER]


def _is_verified(claims: Claims) -> bool:
    return claims.get("email_verified") in (True, "true")


def _scopes(provider: Provider, known: Discovered) -> str:
    """Some providers tell of groups only when asked."""
    wanted = ["openid", "email", *([provider.claim] if provider.claim in known.scopes_supported else [])]
    return " ".join(dict.fromkeys(wanted))
