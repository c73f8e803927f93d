"""A supporter and a member of staff, by plain HTTP against a site or a bare API."""

import json
import re
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

Found = TypeVar("Found")


@dataclass(frozen=True)
class Visitor:
    """Somebody at `site`; `mails` is where sent mail can be read."""

    site: str
    mails: Callable[[], list[dict[str, Any]]]

    def sign(self, slug: str, email: str) -> None:
        """Sign with JSON."""
        body = {"name": "Ada", "email": email, "postcode": "SW1A 1AA", "consent": {"sign": True, "updates": True}}
        url = f"{self.site}/api/petitions/{slug}/signatures"
        fetch(urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"}))

    def link(self, action: str, email: str) -> str:
        """The token of a link in the newest mail to an address, once it is there."""
        text = wait_for(lambda: next((mail["text"] for mail in self.mails() if email in mail["to"]), ""))
        found = re.search(rf"http\S+/{action}\?token=(\S+)", text)
        assert found, text
        return urllib.parse.unquote(found.group(1))

    def press(self, action: str, token: str) -> bytes:
        """The button on the link's page."""
        form = urllib.parse.urlencode({"token": token}).encode()
        return fetch(urllib.request.Request(f"{self.site}/{action}", form))

    def read(self, path: str, token: str = "") -> Any:
        """JSON of a path, as staff when there is a token."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return json.loads(fetch(urllib.request.Request(self.site + path, headers=headers)))


def fetch(request: urllib.request.Request | str) -> bytes:
    """The body of a good answer."""
    with urllib.request.urlopen(request, timeout=30) as answer:
        body: bytes = answer.read()
        return body


def wait_for(look: Callable[[], Found], seconds: float = 40) -> Found:
    """What `look` returns, once it is something."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.1)
