"""The sample partner of `make run` and of tests. The signatures that it sends count at once, without an email."""

import json
import urllib.request
from typing import Any

SOURCE = "partner-sample"
PARTNER = {
    "source": SOURCE,
    "name": "Sample Partner",
    "counts": "at-once",
    "wording": "I sign this petition, and Sample Partner may pass my signature on to the charity.",
    "version": "partner-sample-2026-11",
}


def sample_token(site: str, staff_token: str) -> str:
    """Return a new token of the sample partner. If the partner exists already, it stays as it is."""
    _post(f"{site}/api/staff/partners", PARTNER, staff_token)
    # A partner's source is its id.
    token: str = _post(f"{site}/api/staff/partners/{SOURCE}/tokens", {}, staff_token)["token"]
    return token


def _post(address: str, body: object, token: str) -> Any:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(address, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)
