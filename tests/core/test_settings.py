"""Settings are read once, on first use. A missing variable is named."""

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
