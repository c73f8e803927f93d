"""`make check` fails because of a known vulnerability of what is deployed, and says so if it could not ask."""

import json
import zipfile
from pathlib import Path

import pytest

from stack.lint.advisories import shipped, verdict

VULNERABLE = {"name": "jinja2", "version": "2.4.1", "vulns": [{"id": "GHSA-1", "fix_versions": ["3.1.6"]}]}
FINE = {"name": "idna", "version": "3.11", "vulns": []}
TRACEBACK = "Traceback …\nrequests.exceptions.ConnectionError: Failed to resolve 'api.osv.dev'"


@pytest.mark.parametrize(
    ("answer", "errors", "expected"),
    [
        (json.dumps({"dependencies": [FINE]}), "", (0, "")),
        (
            json.dumps({"dependencies": [FINE, VULNERABLE]}),
            "Found 1 known vulnerability",
            (1, "pip-audit: known vulnerabilities:\njinja2 2.4.1: GHSA-1, fixed in 3.1.6"),
        ),
        ("", TRACEBACK, (0, f"pip-audit: NOTHING WAS CHECKED for known vulnerabilities: {TRACEBACK.splitlines()[-1]}")),
    ],
)
def test_a_vulnerability_fails_and_a_service_without_answer_is_named(
    answer: str, errors: str, expected: tuple[int, str]
) -> None:
    assert verdict(answer, errors) == expected


def test_every_package_in_the_zip_is_asked_about_once(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "deployment.zip", "w") as files:
        for folder in ("pydantic_core-2.50.0", "Jinja2-3.1.6"):
            files.writestr(f"{folder}.dist-info/METADATA", "")
        files.writestr("chalicelib/core/keys.py", "")
    pinned = "# What ships.\njinja2==3.1.6\nurllib3==2.6.0  # pinned for botocore\n"
    expected = {"jinja2==3.1.6", "urllib3==2.6.0", "pydantic_core==2.50.0"}
    assert shipped(tmp_path / "deployment.zip", pinned) == expected
