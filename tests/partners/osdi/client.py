"""An OSDI client, written from the field names of the specification 1.2.0 alone. It knows one URL and follows links."""

from collections.abc import Callable, Iterator
from typing import Any

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
