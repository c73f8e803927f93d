"""Load the sample petitions into the site, and get a token of staff and one of a partner that work."""

import io
import json
import urllib.request
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import manage
from stack.console import Failure
from stack.paths import PETITIONS

# The sample partner of `make run` and of tests. The signatures that it sends count at once, without an email.
SOURCE = "partner-sample"
PARTNER = {
    "source": SOURCE,
    "name": "Sample Partner",
    "counts": "at-once",
    "wording": "I sign this petition, and Sample Partner may pass my signature on to the charity.",
    "version": "partner-sample-2026-11",
}
_RIGHTS = "counts,manage,export,people"


def prepare(url: str, token_file: Path, partner_token_file: Path) -> tuple[str, str]:
    """Return both tokens: those of the previous run if they still work."""
    files = sorted(str(path) for path in PETITIONS.glob("*.toml"))
    if files:
        _manage("petition", "load", *files)
    staff = _kept(
        token_file,
        f"{url}/api/staff/petitions",
        lambda: _manage("token", "issue", "--owner", "local", "--rights", _RIGHTS),
    )
    return staff, _kept(partner_token_file, f"{url}/api/osdi", lambda: sample_token(url, staff))


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


def _kept(file: Path, address: str, issue: Callable[[], str]) -> str:
    """Return the previous run's token if it still opens the address. Otherwise issue and keep a new one."""
    token = file.read_text() if file.exists() else ""
    if not _opens(address, token):
        token = issue()
        file.touch(mode=0o600)
        file.write_text(token)
    return token


def _manage(*arguments: str) -> str:
    output, errors = io.StringIO(), io.StringIO()
    with redirect_stdout(output), redirect_stderr(errors):
        code = manage.main(arguments)
    if code:
        raise Failure(f"manage.py {' '.join(arguments[:2])}: {errors.getvalue().strip()}")
    return output.getvalue().strip()


def _opens(address: str, token: str) -> bool:
    request = urllib.request.Request(address, headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request, timeout=30):
            return True
    except OSError:  # Refused, or too slow.
        return False
