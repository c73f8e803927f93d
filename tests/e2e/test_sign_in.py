"""Staff sign in with an OpenID Connect provider, on the deployed stack under the functions' own roles."""

from typing import Any

import requests

from tests.oidc.running import Attempt, log_in
from tests.site import SLUG, DeployedSite


def post(site: DeployedSite, path: str, body: dict[str, str]) -> requests.Response:
    return requests.post(f"{site.url}/api/staff/{path}", json=body, timeout=30)


def begin_sign_in(site: DeployedSite, attempt: Attempt) -> str:
    answer = post(site, "sign-in", attempt.sign_in_body())
    assert answer.status_code == 200, answer.text
    return str(answer.json()["authorization_url"])


def code_for(site: DeployedSite, attempt: Attempt, name: str) -> str:
    """Log in at the provider, and return the code that it issues for this attempt."""
    query = log_in(begin_sign_in(site, attempt), name)
    assert query["state"] == attempt.state
    return query["code"]


def sign_in(site: DeployedSite, name: str) -> dict[str, Any]:
    attempt = Attempt()
    answer = post(site, "session", attempt.session_body(code_for(site, attempt, name)))
    assert answer.status_code == 200, answer.text
    session: dict[str, Any] = answer.json()
    return session


def read(site: DeployedSite, token: str, path: str) -> requests.Response:
    return requests.get(f"{site.url}/api/staff/{path}", headers={"Authorization": f"Bearer {token}"}, timeout=30)


def test_bob_signs_in_with_the_rights_of_his_group(site_with_sign_in: DeployedSite) -> None:
    session = sign_in(site_with_sign_in, "bob")
    assert (session["owner"], session["rights"]) == ("bob@charity.example", ["counts", "manage"])
    assert read(site_with_sign_in, session["token"], f"petitions/{SLUG}/counts").status_code == 200
    assert read(site_with_sign_in, session["token"], "me").json()["owner"] == "bob@charity.example"
    entries = read(site_with_sign_in, session["token"], "audit").json()["entries"]
    assert ("bob@charity.example", "signed-in") in {(entry["owner"], entry["action"]) for entry in entries}


def test_a_code_works_once(site_with_sign_in: DeployedSite) -> None:
    attempt = Attempt()
    code = code_for(site_with_sign_in, attempt, "bob")
    assert post(site_with_sign_in, "session", attempt.session_body(code)).status_code == 200
    assert post(site_with_sign_in, "session", attempt.session_body(code)).status_code == 401
