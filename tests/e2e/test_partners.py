"""A partner sends signatures to the deployed stack, with the token that `make run` issues."""

from typing import Any

import pytest
import requests

from stack.sample_partner import PARTNER, SOURCE, sample_token
from tests.partners.osdi.client import Document, OsdiClient, OsdiError, a_person, a_signature
from tests.site import SLUG, DeployedSite

PATH = f"/api/partner/petitions/{SLUG}/signatures"


@pytest.fixture(scope="module")
def partners_token(deployed_site: DeployedSite) -> str:
    return sample_token(deployed_site.url, deployed_site.staff_token)


def sample_signature(number: int, **changes: Any) -> dict[str, Any]:
    consent = {
        "wording": PARTNER["wording"],
        "version": PARTNER["version"],
        "obtained_at": "2026-01-02T03:04:05Z",
    }
    person = {"name": "Dora Dekker", "email": f"dora{number}@partner.example"}
    return {"identifier": f"sample:{number}", **person, "consent": consent, **changes}


def send(site: DeployedSite, token: str, body: object) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return requests.post(f"{site.url}{PATH}", json=body, headers=headers, timeout=30)


def count_of_source(site: DeployedSite) -> int:
    for row in site.counts("?by=source")["breakdown"]:
        if row["key"] == SOURCE:
            return int(row["confirmed"])
    return 0


def test_a_partners_signatures_count_immediately_and_only_once(
    deployed_site: DeployedSite, partners_token: str
) -> None:
    before = deployed_site.counts()["confirmed"]
    count_before = count_of_source(deployed_site)
    batch = {
        "signatures": [sample_signature(1), sample_signature(2), sample_signature(1, email="other@partner.example")]
    }
    for expected in (["accepted", "accepted", "invalid"], ["existing", "existing", "invalid"]):
        answer = send(deployed_site, partners_token, batch)
        assert answer.status_code == 200, answer.text
        assert [result["result"] for result in answer.json()["results"]] == expected
    [single] = send(deployed_site, partners_token, sample_signature(3)).json()["results"]
    assert single["result"] == "accepted"
    assert deployed_site.counts()["confirmed"] == before + 3
    assert count_of_source(deployed_site) == count_before + 3


def test_only_a_partners_token_sends_signatures_and_that_token_opens_no_staff_path(
    deployed_site: DeployedSite, partners_token: str
) -> None:
    assert requests.post(f"{deployed_site.url}{PATH}", json=sample_signature(4), timeout=30).status_code == 401
    assert send(deployed_site, "staff_x", sample_signature(4)).status_code == 401
    assert send(deployed_site, deployed_site.staff_token, sample_signature(4)).status_code == 403
    for path in ("/petitions", "/me", f"/petitions/{SLUG}/counts", "/partners"):
        assert deployed_site.staff_as(partners_token, path).status_code == 403


def test_an_osdi_client_completes_a_round_trip_with_the_header_of_osdi(
    deployed_site: DeployedSite, partners_token: str
) -> None:
    def fetch(method: str, url: str, body: Any) -> tuple[int, Document]:
        assert url.startswith(deployed_site.url)
        headers = {"OSDI-API-Token": partners_token, "Content-Type": "application/json"}
        answer = requests.request(method, url, json=body, headers=headers, timeout=30)
        assert answer.headers["Content-Type"] == "application/hal+json"
        return answer.status_code, answer.json()

    client = OsdiClient(fetch, f"{deployed_site.url}/api/osdi")
    petition = next(petition for petition in client.petitions() if petition["name"] == SLUG)
    before = client.reload(petition)["total_signatures"]
    person = a_person("Olga", "Osman", "olga@partner.example")
    for _ in range(2):
        assert client.record(petition, a_signature(person, "sample:olga"))["identifiers"] == ["sample:olga"]
    assert client.reload(petition)["total_signatures"] == before + 1
    with pytest.raises(OsdiError) as caught:
        client.record(petition, a_signature(a_person("Olga", "Osman", "no address"), "sample:no"))
    assert caught.value.properties == {"person.email_addresses[0].address"}
    url = f"{deployed_site.url}/api/osdi"
    assert requests.get(f"{url}?osdi-api-token={partners_token}", timeout=30).status_code == 401
    assert requests.get(url, headers={"OSDI-API-Token": "staff_x"}, timeout=30).status_code == 401
