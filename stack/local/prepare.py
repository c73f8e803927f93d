"""Load the sample petitions into the site, and get a token of staff and one of a partner that work."""

import io
import urllib.request
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import manage
from stack.console import Failure
from stack.paths import PETITIONS
from stack.sample_partner import sample_token

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
