"""A member of staff and an engineer export signatures from the deployed stack."""

import hashlib
from typing import Any

import pyrage
import requests

from tests.e2e.signing import emailed_link, press_button, sign
from tests.emulated import eventually
from tests.exporting import rows_of
from tests.site import SLUG, DeployedSite

NAME = "Zoë O'Neill-李"


def sign_and_confirm(site: DeployedSite, email: str) -> None:
    assert sign(site, email, name=NAME).status_code == 202
    assert press_button(emailed_link(site, email, "confirm")).status_code == 200


def request_export(site: DeployedSite, **fields: Any) -> requests.Response:
    headers = {"Authorization": f"Bearer {site.staff_token}"}
    return requests.post(f"{site.url}/api/staff/petitions/{SLUG}/exports", json=fields, headers=headers, timeout=20)


def wait_for_export(site: DeployedSite, location: str) -> Any:
    """Wait until the export has ended, and return it. An export starts seconds after its request."""

    def ended_export() -> Any:
        export = site.staff(location.partition("/api/staff")[2]).json()
        return export if export["state"] not in ("waiting", "running") else None

    return eventually(ended_export, 90)


def test_staff_request_watch_and_download_an_encrypted_export(deployed_site: DeployedSite) -> None:
    sign_and_confirm(deployed_site, "handed.over@example.org")
    owner = pyrage.x25519.Identity.generate()
    answer = request_export(deployed_site, columns=["name", "source"], recipient=str(owner.to_public()))
    assert answer.status_code == 202, answer.text
    assert request_export(deployed_site).status_code == 409
    export = wait_for_export(deployed_site, answer.headers["Location"])
    assert export["state"] == "done", export
    url = deployed_site.staff(f"/exports/{export['id']}/file").json()["url"]
    fetched = requests.get(url, timeout=20)
    assert hashlib.sha256(fetched.content).hexdigest() == export["sha256"]
    assert f'filename="{export["id"]}.csv.age"' in fetched.headers["Content-Disposition"]
    rows = rows_of(pyrage.decrypt(fetched.content, [owner]))
    assert len(rows) == export["rows"] == export["of"] == deployed_site.counts()["confirmed"]
    assert NAME in {row["name"] for row in rows}
    cover_url = deployed_site.staff(f"/exports/{export['id']}/cover").json()["url"]
    cover = requests.get(cover_url, timeout=20)
    assert cover.content.startswith(b"%PDF")
    entries = deployed_site.staff("/audit?limit=100").json()["entries"]
    actions = [entry["action"] for entry in entries if entry["subject"] == export["id"]]
    assert sorted(actions) == ["export.fetched", "export.fetched", "export.requested"]
