"""The sample partner of `make run` and of tests. The signatures that it sends count at once, without an email."""

import json
import urllib.error
import urllib.request
from http import HTTPStatus
from pathlib import Path
from typing import Any

SOURCE = "partner-sample"
PARTNER = {
    "source": SOURCE,
    "name": "Sample Partner",
    "counts": "at-once",
    "wording": "I sign this petition, and Sample Partner may pass my signature on to the charity.",
    "version": "partner-sample-2026-11",
}


def sample_token(site: str, staff_token: str, file: Path | None = None) -> str:
    """Return the sample partner's token from the file, or a new one if that does not work.

    If the partner exists already, it stays as it is. If `file` is given, store the new token in it.
    """
    if file and file.exists():
        previous_token = file.read_text()
        if _works(site, previous_token):
            return previous_token
    _post(site, path="", body=PARTNER, token=staff_token)
    # A partner's source is its id.
    token: str = _post(site, path=f"/{SOURCE}/tokens", body={}, token=staff_token)["token"]
    if file:
        write_private(file, token)
    return token


def write_private(path: Path, content: str) -> None:
    path.touch(mode=0o600)
    path.write_text(content)


def _works(site: str, token: str) -> bool:
    """A batch without signatures gets 401 or 403 if the token is not valid, otherwise another error (422)."""
    try:
        _answer_to(f"{site}/api/partner/petitions/none/signatures", {"signatures": []}, token)
    except urllib.error.HTTPError as error:
        return error.code not in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
    return True


def _post(site: str, path: str, body: object, token: str) -> Any:
    return _answer_to(f"{site}/api/staff/partners{path}", body, token)


def _answer_to(address: str, body: object, token: str) -> Any:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(address, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)
