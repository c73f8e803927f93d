"""Fixtures for every suite that need no AWS. The emulator's fixtures are in tests.emulated and tests.site."""

import gc
import json
import os
from collections.abc import Iterator
from contextlib import nullcontext
from functools import cache, partial
from hashlib import sha256
from pathlib import Path

import botocore.session
import chalice.test
import hypothesis
import jinja2
import pytest
from hypothesis.internal.conjecture import providers

from chalicelib.aws.table import Tables
from chalicelib.core import keys, log
from chalicelib.core.keys import TABLES
from chalicelib.core.settings import QUEUES, Reputation, queue_variable, reputation_variable, table_variable
from chalicelib.pages import jinja
from chalicelib.petitions.model import Petition
from chalicelib.signatures import sign
from stack.languages import write_compiled
from stack.paths import BUILD
from tests.actors import (
    LIMIT_KEYS,
    ORIGIN_KEYS,
    SECRET,
    SITE,
    TOKEN_KEYS,
    a_published_petition,
    store_published_petition,
)
from tests.fake_site import FakeSite, a_fake_site, forget_process_state, wire
from tests.fakes import FakeQueue, FakeTables
from tests.letters.lettering import a_petition_with_a_letter

# Search for garbage rarely. While pytest collects tests there is little, and the search takes a tenth of the time.
gc.set_threshold(100_000, 50, 100)

# Read the description of each AWS service once for all sessions: it takes nine tenths of the time to build a client.
botocore.session.create_loader = cache(botocore.session.create_loader)

# Give petitions 4 partitions instead of 64: a walk of all is a large part of many tests. The code treats all alike.
# The local and the deployed site, of the tests over HTTP and in the browser, have 64.
keys.BUCKETS = keys.BUCKETS[:4]

# Compile each template once for all sessions.
# The cache ignores the settings of the environment, so a change of these must have another folder.
TEMPLATES = BUILD / f"templates-{sha256(Path(jinja.__file__).read_bytes()).hexdigest()[:16]}"
TEMPLATES.mkdir(parents=True, exist_ok=True)
jinja2.Environment = partial(jinja2.Environment, bytecode_cache=jinja2.FileSystemBytecodeCache(str(TEMPLATES)))  # type: ignore[misc, assignment]

# Do not look for constants in the application: it takes time, and examples would change with any constant.
providers._get_local_constants = lambda: providers._local_constants

# Do not copy the environment for each request: the stage of these tests has no variables.
chalice.test.BaseClient._patched_env_vars = lambda *_: nullcontext()  # type: ignore[method-assign, assignment]

# One emulator and one deployed stack for each worker, started when a test first needs them.
# The asserts of scenes say what failed.
SCENES = Path(__file__).parent / "faults"
pytest.register_assert_rewrite(*(f"tests.faults.{path.stem}" for path in SCENES.glob("*scenes.py")))
pytest_plugins = ["tests.suites", "tests.log_lines", "tests.emulated", "tests.site"]

_COMMON = {"deadline": None, "database": None, "suppress_health_check": list(hypothesis.HealthCheck)}
hypothesis.settings.register_profile("quick", max_examples=20, derandomize=True, **_COMMON)  # type: ignore[arg-type]
hypothesis.settings.register_profile("slow", max_examples=200, derandomize=True, **_COMMON)  # type: ignore[arg-type]
hypothesis.settings.register_profile("deep", max_examples=2000, **_COMMON)  # type: ignore[arg-type]
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

ENVIRONMENT = {
    "STAGE": "test",
    **{table_variable(name): f"{name}-test" for name in TABLES},
    **{queue_variable(name): f"https://sqs.invalid/1/{name}" for name in QUEUES},
    "EXPORTS_BUCKET": "exports-test",
    "MAIL_PER_SECOND": "100000",
    "MAIL_SENDERS": "2",
    "SITE_URL": SITE,
    "MAIL_FROM": "petitions@harbour.example",
    **{reputation_variable(each): f"{each}-test" for each in Reputation},
    "SIGNATURE_KEYS": json.dumps({"v1": SECRET}),
    "TOKEN_KEYS": json.dumps(TOKEN_KEYS),
    "LIMIT_KEYS": json.dumps(LIMIT_KEYS),
    "ORIGIN_KEYS": json.dumps(ORIGIN_KEYS),
}


def pytest_configure() -> None:
    """Compile the catalogues of messages, which are not in the repository."""
    write_compiled()


@pytest.fixture(scope="session", autouse=True)
def _log_to_pytest_and_wait_for_no_step() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log, "_configure_once", lambda: None)
        patch.setattr(sign, "sleep", lambda _: None)
        yield


@pytest.fixture(autouse=True)
def _clear_process_state() -> None:
    """Start each test without caches and metrics."""
    forget_process_state()


@pytest.fixture
def tables() -> FakeTables:
    return FakeTables()


@pytest.fixture
def petition(tables: Tables) -> Petition:
    """A published, open petition without a closing date."""
    if not isinstance(tables, FakeTables):  # Those of the emulator.
        return a_published_petition(tables)
    return store_published_petition(tables)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment variables that the template gives a function."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    return ENVIRONMENT


@pytest.fixture
def fake_site(
    tables: FakeTables, petition: Petition, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> FakeSite:
    """The application on fakes, with one open petition and a clock stopped at NOW."""
    site = a_fake_site(tables)
    wire(site, monkeypatch)
    return site


@pytest.fixture
def letter_petition(fake_site: FakeSite) -> Petition:
    """A published petition with a letter to the Home Secretary."""
    return a_petition_with_a_letter(fake_site)


@pytest.fixture
def queue() -> FakeQueue:
    return FakeQueue()
