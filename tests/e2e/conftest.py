"""End to end: over HTTP against the deployed stack, as a supporter and as staff."""

from pathlib import Path

import pytest

from tests.site import DeployedSite


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> None:
    # Load Schemathesis for its own file only: loading takes a second in each process.
    if file_path.name == "test_schemathesis.py":
        parent.config.pluginmanager.import_plugin("schemathesis.pytest.plugin")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.nodeid.startswith("tests/e2e/"):
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def deployed_site(site_with_sign_in: DeployedSite) -> DeployedSite:
    """The site with sign-in. A second deployment would take as long as all tests of sign-in."""
    return site_with_sign_in


@pytest.fixture
def site_url(deployed_site: DeployedSite) -> str:
    return deployed_site.url


@pytest.fixture
def staff_token(deployed_site: DeployedSite) -> str:
    return deployed_site.staff_token
