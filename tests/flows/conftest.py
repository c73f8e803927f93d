"""Flows: the application's handlers in this process, on an emulator's tables, queue and mail."""

from collections.abc import Iterator

import pytest

from chalicelib.core import times
from chalicelib.petitions.edit import publish
from chalicelib.petitions.model import Petition
from tests.actors import DAY, a_petition, bobs_token
from tests.emulated import EmulatedAws
from tests.fake_site import a_client
from tests.flows.handlers import EmulatedSite


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.nodeid.startswith("tests/flows/"):
            item.add_marker(pytest.mark.flows)


@pytest.fixture
def petition() -> Petition:
    # It opened a day ago, because tests confirm at times before this fixture, perhaps before midnight.
    return a_petition(opened_at=times.now() - DAY)


@pytest.fixture
def site(emulated_aws: EmulatedAws, petition: Petition) -> Iterator[EmulatedSite]:
    """The petition site. No role may refuse a call, even if the application recovers from the refusal."""
    publish(petition, petition.opened_at, emulated_aws.tables)
    token = bobs_token(emulated_aws.tables, times.now())
    yield EmulatedSite(a_client(), emulated_aws, petition.slug, token)
    assert emulated_aws.judge.refusals == []
