"""Staff import a partner's file on the deployed stack, and undo it."""

from typing import Any

import requests

from stack.sample_partner import SOURCE, sample_token
from tests.emulated import eventually
from tests.site import SLUG, DeployedSite

PATH = f"/petitions/{SLUG}/imports"
HEADINGS = "Email\tFirst name\tLast name\n"
ROWS = "".join(f"imported{number}@partner.example\tZoë\tNr {chr(65 + number)}\n" for number in range(5))


def start_import(site: DeployedSite, content: bytes, query: str = "") -> str:
    headers = {"Authorization": f"Bearer {site.staff_token}", "Content-Type": "text/csv"}
    url = f"{site.url}/api/staff{PATH}?partner={SOURCE}{query}"
    answer = requests.post(url, data=content, headers=headers, timeout=30)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def wait_for_import(site: DeployedSite, import_id: str) -> Any:
    """Wait until the import has ended, and return it. An import starts seconds after its request."""

    def ended_import() -> Any:
        found = site.staff(f"{PATH}/{import_id}").json()
        return found if found["state"] not in ("waiting", "running") else None

    return eventually(ended_import, 120)


def test_a_file_in_utf_16_is_imported_and_undone(deployed_site: DeployedSite) -> None:
    sample_token(deployed_site.url, deployed_site.staff_token)
    before = deployed_site.counts()["confirmed"]
    import_id = start_import(deployed_site, (HEADINGS + ROWS).encode("utf-16"))
    found = wait_for_import(deployed_site, import_id)
    assert (found["state"], found["accepted"], found["invalid"]) == ("done", 5, 0), found
    assert found["shape"]["encoding"] == "utf-16"
    assert deployed_site.counts()["confirmed"] == before + 5
    undo = deployed_site.manage("POST", f"{PATH}/{import_id}/undo")
    assert undo.status_code == 202, undo.text
    assert wait_for_import(deployed_site, undo.json()["id"])["accepted"] == 5
    assert deployed_site.counts()["confirmed"] == before
