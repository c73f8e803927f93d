"""Settings are read once, on first use. A missing variable is named."""

import subprocess
import sys
from pathlib import Path

import pytest

from chalicelib.core.settings import settings
from tests.actors import SECRET, SITE
from tests.conftest import ENVIRONMENT

SECRETS = {"SIGNATURE_KEYS", "TOKEN_KEYS", "LIMIT_KEYS", "ORIGIN_KEYS"}


def test_settings_come_from_the_environment(environment: dict[str, str]) -> None:
    found = settings()
    assert (found.tables["signatures"], found.site_url) == ("signatures-test", SITE)
    assert found.queues["other_mail"] == "https://sqs.invalid/1/other_mail"
    assert found.signature_keys == {"v1": SECRET}


def test_a_trailing_slash_of_the_site_url_is_removed(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SITE_URL", f"{SITE}/")
    assert settings().site_url == SITE


@pytest.mark.parametrize("name", sorted(set(ENVIRONMENT) - SECRETS))
def test_a_missing_variable_is_named(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "")
    with pytest.raises(RuntimeError, match=name):
        settings()
    monkeypatch.delenv(name)
    with pytest.raises(RuntimeError, match=name):
        settings()


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_a_function_runs_without_a_secret_that_it_may_not_have(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.delenv(name)
    assert getattr(settings(), name.lower()) == {}


def test_settings_are_read_once(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    first = settings()
    monkeypatch.setenv("STAGE", "another")
    assert settings() is first


def test_the_application_is_imported_without_any_environment_and_builds_no_client() -> None:
    probe = (
        "import boto3, sys\n"
        "def client(*a, **k): raise SystemExit('a client at import')\n"
        "boto3.client = boto3.resource = boto3.Session = client\n"
        "import app, manage\n"
    )
    done = run_python(probe)
    assert done.returncode == 0, done.stderr


def test_importing_the_application_loads_neither_templates_nor_tokens_nor_cryptography() -> None:
    """These imports would slow the cold start of every function, so each is inside the function that uses it."""
    slow = {"jinja2", "itsdangerous", "cryptography", "joserfc", "cffi"}
    done = run_python(f"import app, sys\nsys.exit(' '.join({slow} & set(sys.modules)))")
    assert (done.returncode, done.stderr.strip()) == (1, "")


def test_the_function_of_pages_and_signing_imports_only_their_modules() -> None:
    others = ("chalicelib.people", "chalicelib.partners.imports", "chalicelib.exports", "chalicelib.delivery")
    code = f"import app, sys\nsys.exit(' '.join(name for name in sys.modules if name.startswith({others})))"
    done = run_python(code, SERVED_FUNCTION="APIHandler")
    assert (done.returncode, done.stderr.strip()) == (1, "")


def run_python(code: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        env={"PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
