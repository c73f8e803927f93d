"""Fixtures every suite may use. None needs AWS: the emulator's are with the suites that need it."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from chalice.test import Client

from app import app
from chalicelib import log, moments
from chalicelib.petitions.find import forget_petitions
from chalicelib.petitions.model import Petition
from chalicelib.settings import settings
from chalicelib.shedding.level import forget_level
from tests.actors import SECRET, SITE, TOKEN_KEYS, a_published_petition
from tests.fakes import FakeQueue, FakeTables
from tests.served import Clock, FakeMailer, Served

# One emulator and one deployed stack a worker, started when the first test asks.
pytest_plugins = ["tests.emulated", "tests.deployed"]

_QUICK = {"deadline": None, "database": None, "suppress_health_check": list(hypothesis.HealthCheck)}
hypothesis.settings.register_profile("quick", max_examples=40, derandomize=True, **_QUICK)  # type: ignore[arg-type]
hypothesis.settings.register_profile("deep", max_examples=2000, **_QUICK)  # type: ignore[arg-type]
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

ENVIRONMENT = {
    "STAGE": "test",
    "SIGNATURES_TABLE": "signatures-test",
    "COUNTS_TABLE": "counts-test",
    "AUDIT_TABLE": "audit-test",
    "MAIL_QUEUE_URL": "https://sqs.invalid/1/mail",
    "OVERFLOW_QUEUE_URL": "https://sqs.invalid/1/overflow",
    "OTHER_MAIL_QUEUE_URL": "https://sqs.invalid/1/other-mail",
    "MAIL_PER_SECOND": "100000",
    "SITE_URL": SITE,
    "MAIL_FROM": "petitions@harbour.example",
    "CONFIGURATION_SET": "petitions-test",
    "SIGNATURE_KEYS": json.dumps({"v1": SECRET}),
    "TOKEN_KEYS": json.dumps(TOKEN_KEYS),
}


@pytest.fixture(autouse=True)
def _a_new_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Caches of one test are not another's, and pytest's own log handlers stay where they are."""
    monkeypatch.setattr(log, "_configured", lambda: None)
    forget_petitions()
    forget_level()
    settings.cache_clear()
    yield
    forget_petitions()
    forget_level()
    settings.cache_clear()


@pytest.fixture
def tables() -> FakeTables:
    return FakeTables()


@pytest.fixture
def petition(tables: FakeTables) -> Petition:
    """Published, open, without an end."""
    return a_published_petition(tables)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What the template would tell a function."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    return ENVIRONMENT


@pytest.fixture
def served(
    tables: FakeTables, petition: Petition, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Served:
    """The application over fakes, with one open petition and a clock that stands at NOW."""
    client = Client(app, stage_name="local", project_dir=str(Path(__file__).parents[1]))
    site = Served(client, tables, FakeQueue(), FakeQueue(), FakeMailer(), Clock())
    monkeypatch.setattr("time.sleep", site.slept.append)
    fakes: dict[str, object] = {"tables": site.tables, "signing_tables": site.tables, "mailer": site.mailer}
    fakes |= {"mail_queue": site.queue, "other_mail_queue": site.other_queue, "overflow_queue": site.overflow}
    fakes |= {"mail_source": site.source, "other_mail_source": site.other_source}
    for module in [module for name, module in sys.modules.items() if name.startswith("chalicelib.")]:
        for name, fake in fakes.items():
            if hasattr(getattr(module, name, None), "cache_clear"):
                monkeypatch.setattr(module, name, lambda fake=fake: fake)
    monkeypatch.setattr(moments, "now", site.clock)
    return site


@pytest.fixture
def queue() -> FakeQueue:
    return FakeQueue()
