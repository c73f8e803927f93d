"""Load the sample petitions into the site, and get a token of staff and one of a partner that work."""

import io
import urllib.request
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import manage
from stack.console import Failure
from stack.paths import PETITIONS
from stack.sample_partner import sample_token, write_private

_RIGHTS = "counts,manage,export,people"


def prepare(url: str, token_file: Path, partner_token_file: Path) -> tuple[str, str]:
    """Return both tokens: those of the previous run if they still work."""
    files = sorted(str(path) for path in PETITIONS.glob("*.toml"))
    if files:
        _manage("petition", "load", *files)
    token = token_file.read_text() if token_file.exists() else ""
    if not _works(url, token):
        token = _manage("token", "issue", "--owner", "local", "--rights", _RIGHTS)
        write_private(token_file, token)
    return token, sample_token(url, token, partner_token_file)


def _manage(*arguments: str) -> str:
    output, errors = io.StringIO(), io.StringIO()
    with redirect_stdout(output), redirect_stderr(errors):
        code = manage.main(arguments)
    if code:
        raise Failure(f"manage.py {' '.join(arguments[:2])}: {errors.getvalue().strip()}")
    return output.getvalue().strip()


def _works(url: str, token: str) -> bool:
    request = urllib.request.Request(f"{url}/api/staff/petitions", headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return bool(answer.status == 200)
    except OSError:  # Refused, or too slow.
        return False
