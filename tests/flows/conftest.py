"""Flows: the application's handlers in this process, on an emulator's tables, queue and mail."""

import tomllib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from chalicelib.core import times
from chalicelib.core.rights import Right
from chalicelib.petitions.edit import publish
from chalicelib.petitions.model import Petition
from chalicelib.staff.tokens import issue
from tests.emulated import EmulatedAws
from tests.flows.handlers import EmulatedSite

SAMPLE = Path(__file__).parents[2] / ".chalice" / "petitions" / "support-trafficked-children.toml"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.nodeid.startswith("tests/flows/"):
            item.add_marker(pytest.mark.flows)


@pytest.fixture
def petition() -> Petition:
    return Petition.model_validate(tomllib.loads(SAMPLE.read_text()))


@pytest.fixture
def site(emulated_aws: EmulatedAws, petition: Petition) -> Iterator[EmulatedSite]:
    """The petition site. No role may refuse a call, even if the application recovers from the refusal."""
    now = times.now()
    # Publish it a day ago, because tests confirm at times before this fixture, perhaps before midnight.
    publish(petition, now - timedelta(days=1), emulated_aws.tables)
    token = issue("bob", [Right.COUNTS], now, now + timedelta(days=1), emulated_aws.tables)
    yield EmulatedSite(emulated_aws, petition.slug, token)
    assert emulated_aws.judge.refusals == []
