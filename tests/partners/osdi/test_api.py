"""An OSDI client, written from the field names of the specification 1.2.0 alone, completes a round trip."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from chalicelib.partners.osdi.read import PAGE_SIZE, identifiers_of
from tests.actors import ALICE, SITE, a_petition, a_published_petition, identity_of, item_of
from tests.fake_site import FakeSite
from tests.partnering import oaks_token

Document = dict[str, Any]
# It takes method, URL and body, and returns status and document.
Fetch = Callable[[str, str, Any], tuple[int, Document]]


class OsdiError(Exception):
    """The server's osdi:error: the codes and the properties that they name."""

    def __init__(self, status: int, error: Document) -> None:
        super().__init__(str(error))
        self.status = status
        resources = error["osdi:error"]["resource_status"]
        descriptions = [description for resource in resources for description in resource["error_descriptions"]]
        self.codes = {description["error_code"] for description in descriptions}
        self.properties = {name for description in descriptions for name in description.get("properties", [])}


class OsdiClient:
    """It knows one URL and follows links."""

    def __init__(self, fetch: Fetch, entry: str) -> None:
        self._fetch = fetch
        self.entry = self._get(entry)
        assert self.entry["osdi_version"].startswith("1.")

    def petitions(self) -> Iterator[Document]:
        """Yield every petition, page by page."""
        page = self._get(self.entry["_links"]["osdi:petitions"]["href"])
        while True:
            links = page["_links"]["osdi:petitions"]
            yield from (self._get(link["href"]) for link in links)
            if "next" not in page["_links"]:
                return
            page = self._get(page["_links"]["next"]["href"])

    def petition(self, title: str) -> Document:
        return next(each for each in self.petitions() if each["title"] == title)

    def reload(self, document: Document) -> Document:
        return self._get(document["_links"]["self"]["href"])

    def record(self, petition: Document, signature: Document) -> Document:
        """Record a signature. An empty answer is a failure, as Action Network's clients read it."""
        status, found = self._fetch("POST", petition["_links"]["osdi:record_signature_helper"]["href"], signature)
        if status not in (200, 201) or not found:
            raise OsdiError(status, found)
        return found

    def _get(self, url: str) -> Document:
        status, found = self._fetch("GET", url, None)
        if status != 200:
            raise OsdiError(status, found)
        return found


def a_person(given: str, family: str, address: str) -> Document:
    return {
        "given_name": given,
        "family_name": family,
        "email_addresses": [{"primary": True, "address": address, "status": "subscribed"}],
        "postal_addresses": [{"primary": True, "postal_code": "SW1A 1AA", "country": "GB"}],
    }


def a_signature(person: Document, *identifiers: str) -> Document:
    triggers = {"autoresponse": {"enabled": False}}
    return {
        "identifiers": [*identifiers],
        "action_date": "2026-03-01T09:00:00Z",
        "person": person,
        "triggers": triggers,
        "add_tags": ["x"],
    }


ALICE_IN_OSDI = a_person("Alice", "Achterberg", ALICE.email)
HAL = "application/hal+json"


@pytest.fixture
def client(fake_site: FakeSite) -> OsdiClient:
    token = oaks_token(fake_site.tables)

    def fetch(method: str, url: str, body: Any) -> tuple[int, Document]:
        assert url.startswith(SITE)
        parts = urlsplit(url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        headers = {"Authorization": f"Bearer {token}", "Content-Type": HAL}
        content = b"" if method == "GET" else json.dumps(body).encode()
        answer = fake_site.client.http.request(method, path, headers=headers, body=content)
        assert answer.headers["Content-Type"] == HAL
        return answer.status_code, json.loads(answer.body)

    return OsdiClient(fetch, f"{SITE}/api/osdi")


def petition_of(client: OsdiClient) -> Document:
    return client.petition("Keep trafficked children safe")


def test_a_recorded_signature_counts_and_repeating_it_changes_nothing(fake_site: FakeSite, client: OsdiClient) -> None:
    petition = petition_of(client)
    for _ in range(2):
        signature = client.record(petition, a_signature(ALICE_IN_OSDI, "oak:41"))
        assert signature["identifiers"] == ["oak:41"]
        assert signature["action_date"] == "2026-03-01T09:00:00Z"
        assert client.reload({"_links": {"self": signature["_links"]["osdi:petition"]}})["name"] == "safe-children"
    assert client.reload(petition)["total_signatures"] == 1
    item = item_of(fake_site.tables, a_petition(), identity_of(a_petition()))
    assert (item["name"], item["channel"], item["updates"]) == ("Alice Achterberg", "osdi", False)


def test_every_petition_is_found_over_several_pages(fake_site: FakeSite, client: OsdiClient) -> None:
    for number in range(PAGE_SIZE):
        a_published_petition(fake_site.tables, slug=f"more-{number:02}")
    names = {each["name"] for each in client.petitions()}
    assert len(names) == PAGE_SIZE + 1


@pytest.mark.parametrize(
    ("person", "osdi_property"),
    [
        (a_person("Alice", "A", "alice"), "person.email_addresses[0].address"),
        (a_person("", "", ALICE.email), "person.given_name"),
        ({}, "person.email_addresses[0].address"),
        (None, "person.given_name"),
    ],
)
def test_an_error_names_the_osdi_property(client: OsdiClient, person: Any, osdi_property: str) -> None:
    with pytest.raises(OsdiError) as caught:
        client.record(petition_of(client), a_signature(person, "oak:1"))
    assert caught.value.status == 400
    assert osdi_property in caught.value.properties


def test_a_conflicting_identifier_is_an_error_and_overwrites_nothing(fake_site: FakeSite, client: OsdiClient) -> None:
    petition = petition_of(client)
    client.record(petition, a_signature(ALICE_IN_OSDI, "oak:1"))
    with pytest.raises(OsdiError) as caught:
        client.record(petition, a_signature(a_person("Bob", "B", "bob@mail.example"), "oak:1"))
    assert caught.value.properties == {"identifiers[0]"}
    assert client.reload(petition)["total_signatures"] == 1


def test_without_identifiers_the_address_is_the_identifier(client: OsdiClient) -> None:
    petition = petition_of(client)
    client.record(petition, a_signature(ALICE_IN_OSDI))
    client.record(petition, a_signature(a_person("Bob", "Bakker", "bob@mail.example")))
    client.record(petition, a_signature(a_person("A", "", ALICE.email.upper())))
    assert client.reload(petition)["total_signatures"] == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"person": {**ALICE_IN_OSDI, "email_addresses": {"address": ALICE.email}}},
        {"person": {**ALICE_IN_OSDI, "email_addresses": ALICE.email, "postal_addresses": None}},
        {"identifiers": 41},
        {"action_date": "2026-03-01T09:00:00"},
        {"action_date": None},
    ],
)
def test_the_input_may_differ_in_type(client: OsdiClient, changes: dict[str, Any]) -> None:
    petition = petition_of(client)
    client.record(petition, {**a_signature(ALICE_IN_OSDI, "oak:1"), **changes})
    assert client.reload(petition)["total_signatures"] == 1


def test_identifiers_are_texts_and_whole_numbers() -> None:
    assert identifiers_of({"identifiers": [True, " oak:1 ", 41, None, {}, ""]}) == ["oak:1", "41"]
