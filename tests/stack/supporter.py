"""Act as a supporter or a member of staff over HTTP, against a site or an API."""

import json
import re
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeVar

Found = TypeVar("Found")
# If a sender's claim takes effect but its answer is late, the SDK's second attempt meets that claim. The email then
# waits until the claim expires (mail/send.py: two minutes). This happens on a busy machine.
EMAIL_SECONDS = 150.0


@dataclass(frozen=True)
class Visitor:
    """A visitor of a site or an API. `mails` returns the sent emails, newest first."""

    site_url: str
    mails: Callable[[], list[dict[str, Any]]]

    def sign(self, slug: str, email: str) -> None:
        """Sign with JSON."""
        body = {"name": "Ada", "email": email, "postcode": "SW1A 1AA", "consent": {"sign": True, "updates": True}}
        post_json(f"{self.site_url}/api/petitions/{slug}/signatures", body)

    def mails_to(self, email: str) -> list[dict[str, Any]]:
        """Return the emails to the address, newest first."""
        return [mail for mail in self.mails() if email in mail["to"]]

    def link(self, action: str, email: str, seconds: float = EMAIL_SECONDS) -> str:
        """Wait for an email to the address and return the token of its link."""
        newest_email, *_ = wait_for(lambda: self.mails_to(email), seconds)
        text = newest_email["text"]
        found = re.search(rf"http\S+/{action}\?token=(\S+)", text)
        assert found, text
        return urllib.parse.unquote(found.group(1))

    def press(self, action: str, token: str) -> bytes:
        """Press the button on the link's page."""
        form = urllib.parse.urlencode({"token": token}).encode()
        return fetch(urllib.request.Request(f"{self.site_url}/{action}", form))

    def read(self, path: str, token: str = "") -> Any:
        """Read JSON from a path, as staff if there is a token."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        request = urllib.request.Request(self.site_url + path, headers=headers)
        return json.loads(fetch(request))


def fetch(request: urllib.request.Request | str) -> bytes:
    """Return the body of a successful answer. Raise HTTPError."""
    with urllib.request.urlopen(request, timeout=30) as answer:
        body: bytes = answer.read()
        return body


def post_json(url: str, body: object, headers: Mapping[str, str] = MappingProxyType({})) -> Any:
    """Return the JSON of a successful answer. Raise HTTPError."""
    all_headers = {"Content-Type": "application/json", **headers}
    request = urllib.request.Request(url, json.dumps(body).encode(), all_headers)
    return json.loads(fetch(request))


def wait_for(look: Callable[[], Found], seconds: float = 40) -> Found:
    """Call `look` until its result is true and return it. Fail the test after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s"
        time.sleep(0.1)
