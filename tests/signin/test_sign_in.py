"""A sign-in takes the person's name from the provider, and their rights from our settings."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib.core.rights import Right
from chalicelib.signin.model import SessionRequest, SignInRequest, read_rights
from chalicelib.signin.sign_in import (
    authorization_url,
    owner_of,
    rights_of,
)
from tests.signin.fake_provider import NONCE, FakeProvider

REDIRECT_URL = "https://petitions.example/staff/signed-in"
SIGN_IN_BEGUN = SignInRequest(code_challenge="c" * 43, state="s" * 43, nonce=NONCE)
CODE_RETURNED = SessionRequest(code="c0de", code_verifier="v" * 43, nonce=NONCE)


def test_the_authorization_url_has_state_nonce_and_challenge(provider: FakeProvider) -> None:
    url = authorization_url(SIGN_IN_BEGUN, provider.as_configured(), REDIRECT_URL)
    assert url.startswith(f"{provider.issuer}/authorize?")
    assert parse_qs(urlsplit(url).query) == {
        "response_type": ["code"],
        "client_id": ["petitions"],
        "redirect_uri": [REDIRECT_URL],
        "scope": ["openid email"],
        "state": [SIGN_IN_BEGUN.state],
        "nonce": [NONCE],
        "code_challenge": [SIGN_IN_BEGUN.code_challenge],
        "code_challenge_method": ["S256"],
    }


def test_the_groups_scope_is_requested_if_supported(provider: FakeProvider) -> None:
    provider.document["scopes_supported"] = ["openid", "groups"]
    assert "scope=openid+email+groups" in authorization_url(SIGN_IN_BEGUN, provider.as_configured(), REDIRECT_URL)


def test_an_authorization_endpoint_keeps_its_own_query(provider: FakeProvider) -> None:
    provider.document["authorization_endpoint"] = f"{provider.issuer}/authorize?tenant=x"
    assert "?tenant=x&response_type" in authorization_url(SIGN_IN_BEGUN, provider.as_configured(), REDIRECT_URL)


@pytest.mark.parametrize(
    ("claims", "rights"),
    [
        ({"groups": ["team", "others"]}, {Right.COUNTS, Right.MANAGE, Right.PEOPLE}),
        ({"groups": "others"}, {Right.PEOPLE}),
        ({"groups": ["TEAM", "tea", "team "]}, set()),
        ({"groups": [["team"], {"team": 1}, 5, None]}, set()),
        ({"groups": None}, set()),
        ({}, set()),
        ({"roles": ["team"]}, set()),
    ],
)
def test_rights_are_the_union_of_all_groups_by_exact_name(
    provider: FakeProvider, claims: dict[str, Any], rights: set[Right]
) -> None:
    assert rights_of(claims, provider.as_configured()) == rights


@pytest.mark.parametrize(
    ("claims", "accepted"),
    [
        ({"email": "Bob@Charity.example", "email_verified": True}, True),
        ({"email": "bob@charity.example", "email_verified": "true"}, True),
        ({"email": "bob@charity.example", "email_verified": False}, False),
        ({"email": "bob@charity.example", "email_verified": "false"}, False),
        ({"email": "bob@charity.example"}, False),
    ],
)
def test_an_email_gives_rights_only_if_it_is_verified(
    provider: FakeProvider, claims: dict[str, Any], accepted: bool
) -> None:
    configured = provider.as_configured(claim="email", rights={"bob@Charity.example": [Right.COUNTS]})
    assert bool(rights_of(claims, configured)) is accepted


def test_cognitos_groups_claim_can_be_configured(provider: FakeProvider) -> None:
    configured = provider.as_configured(claim="cognito:groups")
    assert rights_of({"cognito:groups": ["others"]}, configured) == {Right.PEOPLE}


def test_the_owner_is_the_verified_email_or_the_subject_id() -> None:
    assert owner_of({"sub": "1", "email": "bob@charity.example", "email_verified": True}) == "bob@charity.example"
    assert owner_of({"sub": "1", "email": "bob@charity.example"}) == "1"
    assert len(owner_of({"sub": "1" * 255})) == 100


def test_rights_are_read_from_json_and_an_unknown_right_is_an_error() -> None:
    assert read_rights('{"team": ["counts"]}') == {"team": [Right.COUNTS]}
    assert read_rights("") == {}
    with pytest.raises(ValueError, match="everything"):
        read_rights('{"team": ["everything"]}')
