"""End to end: over HTTP against the deployed stack, as a supporter and as staff."""

from pathlib import Path

import pytest

from tests.deployed import DeployedSite


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture
def site(deployed_site: DeployedSite) -> str:
    return deployed_site.url


@pytest.fixture
def staff_token(deployed_site: DeployedSite) -> str:
    return deployed_site.staff_token
