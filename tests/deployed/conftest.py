"""The package, deployed through CloudFormation to a plain emulator, which runs each function in processes of its own.

What the emulator cannot do is done here by hand, and only here (docs/emulator.md).
"""

import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.petitions import constituency_table
from stack import constituencies
from stack.aws import Cloud
from stack.deploy import deploy
from stack.local.emulator import EmulatorProcess, client_environment, empty_emulator
from stack.local.process import LocalSite
from stack.package import Package, package
from stack.template.config import api_stage
from tests.emulated import sent_mails
from tests.located import TABLE, UPPER
from tests.site import SAMPLE, DeployedSite

SENDER = "petitions@example.org"
# The shares of the rate must be so large that no test waits, and the senders so few that this machine can run them.
PARAMETERS = {"MailFrom": SENDER, "MailPerSecond": "1000", "MailSenders": "2"}


class PackagedSite(DeployedSite):
    """The deployed package, at the API's own address. `stack`: what commands need."""

    @property
    def cloud(self) -> Cloud:
        return Cloud(self.stack.endpoint)

    def mails(self, to: str) -> list[dict[str, Any]]:
        newest_first = sorted(sent_mails(self.stack.endpoint), key=lambda mail: -mail["Timestamp"])
        return [{"subject": each["Subject"], "text": each["BodyText"]} for each in newest_first if to in each["To"]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.nodeid.startswith("tests/deployed/"):
            item.add_marker(pytest.mark.stack)


@pytest.fixture(scope="session")
def running() -> Iterator[EmulatorProcess]:
    with empty_emulator() as started:
        yield started


@pytest.fixture(scope="session")
def outputs(running: EmulatorProcess, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The outputs of the stack. As `make deploy` does, a second change set sets the address that the first gave."""
    cloud, built = Cloud(running.endpoint), with_tables(package("local"), tmp_path_factory.mktemp("zip"))
    first = deploy(cloud, built, "local", PARAMETERS, lambda _: True)
    return deploy(cloud, built, "local", {"SiteUrl": address(running, first)}, lambda _: True)


def with_tables(built: Package, folder: Path) -> Package:
    """Return the package of a charity that has tables of constituencies and their members of parliament."""
    archive = Path(shutil.copy(built.archive, folder))
    with zipfile.ZipFile(archive, "a") as opened:
        opened.writestr(constituencies.NAME_IN_ZIP, constituency_table.pack(TABLE))
        opened.writestr(constituencies.MEMBERS_IN_ZIP, constituency_table.pack_members({UPPER.constituency: UPPER}))
    return Package(built.template, archive)


def address(running: EmulatorProcess, outputs: dict[str, str]) -> str:
    """Return where the emulator has the API. On AWS, it is a host of its own."""
    return f"{running.endpoint}/_aws/execute-api/{outputs['RestAPIId']}/{api_stage()}"


@pytest.fixture(scope="session")
def deployed_site(running: EmulatorProcess, outputs: dict[str, str]) -> PackagedSite:
    cloud = Cloud(running.endpoint)
    start_event_sources(cloud)
    # On AWS, the owner of the domain verifies the sender.
    cloud.client("sesv2").create_email_identity(EmailIdentity=SENDER)
    url = address(running, outputs)
    settings = {**client_environment(running.endpoint), **settings_of_all_functions(cloud)}
    stack = LocalSite(url, running.endpoint, "", "", settings, running.log)
    stack.manage("petition", "load", str(SAMPLE))
    token = stack.manage("token", "issue", "--owner", "local", "--rights", "counts,manage,export,people")
    return PackagedSite(url, token, stack)


def start_event_sources(cloud: Cloud) -> None:
    """Set each ScalingConfig again: the emulator stored its numbers as text, and then starts no function for it."""
    client = cloud.client("lambda")
    for page in client.get_paginator("list_event_source_mappings").paginate():
        for mapping in page["EventSourceMappings"]:
            if "ScalingConfig" in mapping:
                client.update_event_source_mapping(UUID=mapping["UUID"], ScalingConfig=mapping["ScalingConfig"])


def settings_of_all_functions(cloud: Cloud) -> dict[str, str]:
    settings: dict[str, str] = {}
    for page in cloud.client("lambda").get_paginator("list_functions").paginate():
        for function in page["Functions"]:
            settings |= function["Environment"]["Variables"]
    del settings["SERVED_FUNCTION"]
    return settings
