"""Fixtures for every suite that need no AWS. The emulator's fixtures are in tests.emulated and tests.deployed."""

import gc
import json
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import botocore.session
import hypothesis
import pytest
from _pytest.nodeid import coerce_node_id
from xdist.remote import Producer
from xdist.scheduler import LoadGroupScheduling

from chalicelib.core import log
from chalicelib.core.keys import TABLES
from chalicelib.core.settings import QUEUES, queue_variable, settings, table_variable
from chalicelib.mail.outstanding import forget_marked
from chalicelib.petitions.find import forget_petitions
from chalicelib.petitions.model import Petition
from chalicelib.shedding.level import forget_level
from chalicelib.signatures import steps
from chalicelib.updates.find import forget_updates
from stack.languages import write_compiled
from tests.actors import LIMIT_KEYS, ORIGIN_KEYS, SECRET, SITE, TOKEN_KEYS, a_published_petition
from tests.fake_site import FakeSite, a_fake_site, wire
from tests.fakes import FakeQueue, FakeTables

# Search for garbage rarely. While pytest collects tests there is little, and the search takes a tenth of the time.
gc.set_threshold(100_000, 50, 100)

# Read the description of each AWS service once for all sessions: it takes nine tenths of the time to build a client.
botocore.session.create_loader = cache(botocore.session.create_loader)

# One emulator and one deployed stack for each worker, started when a test first needs them.
pytest_plugins = ["tests.emulated", "tests.deployed"]

_COMMON = {"deadline": None, "database": None, "suppress_health_check": list(hypothesis.HealthCheck)}
hypothesis.settings.register_profile("quick", max_examples=40, derandomize=True, **_COMMON)  # type: ignore[arg-type]
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
    "CONFIGURATION_SET": "petitions-test",
    "SIGNATURE_KEYS": json.dumps({"v1": SECRET}),
    "TOKEN_KEYS": json.dumps(TOKEN_KEYS),
    "LIMIT_KEYS": json.dumps(LIMIT_KEYS),
    "ORIGIN_KEYS": json.dumps(ORIGIN_KEYS),
}

ROOT = Path(__file__).parents[1]

# Long suites: `make slow`, and CI. Paths, or the beginning of a test's id.
SLOW = (
    "tests/benchmarks/test_sign_cpu.py",
    "tests/browser/test_edge.py",
    "tests/e2e/test_exporting.py",
    "tests/e2e/test_importing.py",
    "tests/e2e/test_schemathesis.py",
    "tests/e2e/test_spike.py",
    "tests/e2e/test_updates.py",
    "tests/flows/test_any_life.py",
    "tests/flows/test_many_signatures.py",
    "tests/referee/test_scenes.py::test_a_role_allows_every_call_after_any_fault",
    "tests/stack/test_constituencies.py::test_a_deployed_table",
    "tests/stack/test_members.py::test_a_deployed_table",
    "tests/stack/test_powers.py",
    "tests/stack/test_powers_of_staff.py",
    "tests/stack/test_run.py",
    "tests/stack/test_second_opinion.py",
    "tests/strict/test_limits.py::test_ses_refuses_the_email[40 MB]",
)

# The slowest tests, which start first: groups, or the beginning of a test's id.
LONGEST = (
    *("e2e", "browser", "pages", "tests/faults/test_every_handler.py", "deploy", "strict", "build", "referee"),
    *("tests/flows/", "tests/ready/test_account.py"),
)


class _WholeFiles(LoadGroupScheduling):
    """Give a worker one group or one file at a time, but the long tests of faults one by one.

    If it gave all tests one by one, the scheduler would check after each test every test before it, for seconds.
    """

    def _split_scope(self, nodeid: str) -> str:
        scope = str(super()._split_scope(nodeid))
        return scope if scope.startswith("tests/faults/") else scope.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadGroupScheduling:
    return _WholeFiles(config, log)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Skip a file that has only slow tests if these do not run: importing Schemathesis alone takes a second."""
    is_slow = collection_path.is_relative_to(ROOT) and str(collection_path.relative_to(ROOT)) in SLOW
    return (is_slow and config.option.markexpr == "not slow") or None


def pytest_configure() -> None:
    """Compile the catalogues of messages, which are not in the repository."""
    write_compiled()


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Mark the long suites, and name each test's group where xdist's scheduler looks for it.

    xdist 3.8 does this itself, but pytest 9.2 ignores the attribute that it sets: each worker would run a part of each
    group, and start every emulator and deployment again.
    """
    for item in items:
        if item.nodeid.startswith(SLOW):
            item.add_marker(pytest.mark.slow)
    yield
    for item in items if "PYTEST_XDIST_WORKER" in os.environ else ():
        group = item.get_closest_marker("xdist_group")
        if group and "@" not in item.nodeid.rpartition("]")[2]:
            item._id = coerce_node_id(f"{item.nodeid}@{group.args[0]}")
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    return next((rank for rank, name in enumerate(LONGEST) if _belongs_to(item.nodeid, name)), len(LONGEST))


def _belongs_to(nodeid: str, name: str) -> bool:
    return nodeid.startswith(name) or nodeid.endswith(f"@{name}")


def pytest_collection_finish() -> None:
    gc.freeze()


@pytest.fixture(autouse=True)
def _clear_process_state(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Start each test without caches and metrics, with pytest's log handlers, and without waiting for steps."""
    monkeypatch.setattr(log, "_configure_once", lambda: None)
    monkeypatch.setattr(steps, "sleep", lambda _: None)
    log.begin("")
    forget_petitions()
    forget_level()
    forget_updates()
    forget_marked()
    settings.cache_clear()
    yield
    forget_petitions()
    forget_level()
    forget_updates()
    forget_marked()
    settings.cache_clear()


@pytest.fixture
def tables() -> FakeTables:
    return FakeTables()


@pytest.fixture
def petition(tables: FakeTables) -> Petition:
    """A published, open petition without a closing date."""
    return a_published_petition(tables)


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
def queue() -> FakeQueue:
    return FakeQueue()
