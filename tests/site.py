"""The local site, one for each worker."""

import json
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from chalicelib.petitions.form import EDITABLE
from stack.local.emulator import LOOPBACK, free_port
from stack.local.process import LocalSite, local_site
from tests.oidc.people import CLIENT, RIGHTS, SECRET
from tests.oidc.running import run_provider

SLUG = "support-trafficked-children"
# Seconds. A cold function is slow while other tests use the processor.
PATIENCE = 60
# Seconds, in place of START_DELAY. No request takes longer in a test.
JOB_DELAY = 5
SAMPLE = Path(__file__).parents[1] / ".chalice" / "petitions" / f"{SLUG}.toml"


@dataclass(frozen=True)
class DeployedSite:
    """A running site: its URL, a staff token, and what commands need."""

    url: str
    staff_token: str
    stack: LocalSite

    def staff(self, path: str) -> requests.Response:
        return self.staff_as(self.staff_token, path)

    def staff_as(self, token: str, path: str) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"}
        return requests.get(f"{self.url}/api/staff{path}", headers=headers, timeout=PATIENCE)

    def manage(self, method: str, path: str, body: object = None, match: str = "*") -> requests.Response:
        headers = {"Authorization": f"Bearer {self.staff_token}", "If-Match": match}
        return requests.request(method, f"{self.url}/api/staff{path}", json=body, headers=headers, timeout=PATIENCE)

    def counts(self, query: str = "") -> Any:
        answer = self.staff(f"/petitions/{SLUG}/counts{query}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def issue_statement(self) -> Any:
        """Issue a statement of the current count and return it."""
        answer = self.manage("POST", f"/petitions/{SLUG}/statements")
        assert answer.status_code == 201, answer.text
        return answer.json()

    def mails(self, to: str) -> list[dict[str, str]]:
        """Return the emails to one address, newest first, as in the inbox."""
        answer = requests.get(f"{self.url}/_local/inbox.json", timeout=PATIENCE)
        return [mail for mail in answer.json()["mails"] if to in mail["to"]]


def a_draft(slug: str, **changes: Any) -> dict[str, Any]:
    """Return a body for `POST /api/staff/petitions`, from the sample petition."""
    sample = tomllib.loads(SAMPLE.read_text(encoding="utf-8"))
    names = {*EDITABLE} - {"opened_at", "closes_at"}
    fields = {name: value for name, value in sample.items() if name in names}
    return {**fields, "slug": slug, **changes}


@pytest.fixture(scope="session")
def deployed_site() -> Iterator[DeployedSite]:
    with a_deployed_site(free_port()) as site:
        yield site


@pytest.fixture(scope="session")
def site_with_sign_in() -> Iterator[DeployedSite]:
    """A site with a sign-in provider on loopback for staff."""
    port = free_port()
    with run_provider(f"http://{LOOPBACK}:{port}/staff/signed-in") as issuer:
        provider = {"OidcIssuer": issuer, "OidcClientId": CLIENT, "OidcClientSecret": SECRET}
        with a_deployed_site(port, {**provider, "OidcRights": json.dumps(RIGHTS)}) as site:
            yield site


@contextmanager
def a_deployed_site(port: int, more: Mapping[str, str] | None = None) -> Iterator[DeployedSite]:
    """Serve a site as `make run` does. `more`: parameters of the template."""
    with tempfile.TemporaryDirectory() as folder, local_site(Path(folder), port, more or {}, JOB_DELAY) as site:
        yield DeployedSite(site.url, site.staff_token, site)
