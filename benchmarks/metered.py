"""The application in this process, with one petition, on the emulator. Its AWS calls and capacity units are metered."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest import mock

import boto3

from benchmarks import scene
from benchmarks.meter import Meter
from chalicelib.aws.table import tables
from chalicelib.core import times
from chalicelib.core.address import signature_id
from chalicelib.core.keys import TABLES
from chalicelib.core.settings import table_variable
from chalicelib.petitions.edit import publish
from chalicelib.tallies.public import FRESH_FOR
from tests.emulated_resources import create_tables

Event = dict[str, Any]
Handle = Callable[[Event, Any], Any]


class MeteredApp:
    def __init__(self, endpoint: str) -> None:
        from app import app

        os.environ |= {**scene.AWS_SETTINGS, **scene.SETTINGS, "AWS_ENDPOINT_URL": endpoint}
        boto3.setup_default_session()
        self.app: Handle = app
        self.meter_block = Meter(boto3.DEFAULT_SESSION.events).meter_block  # type: ignore[union-attr]
        names, _ = create_tables()
        os.environ |= {table_variable(name): names[name] for name in TABLES}
        self._clock_offset = timedelta()
        self.petition = scene.sample_petition()
        publish(self.petition, times.now(), tables())

    def sign_event(self, supporter: str) -> Event:
        return scene.sign_event(self.petition.slug, supporter)

    def confirm_event(self, supporter: str) -> Event:
        return scene.confirm_event(self.petition.slug, self.id_of(supporter))

    def handle(self, event: Event, status: int = 200) -> None:
        """Raise RuntimeError unless the answer has this status: a failed request would look cheap."""
        response = self.app(event, None)
        if response["statusCode"] != status:
            raise RuntimeError(f"{event['resource']} answered {response['statusCode']}")

    def sign(self, supporter: str) -> None:
        self.handle(self.sign_event(supporter), 202)

    def confirm(self, supporter: str) -> None:
        self.handle(self.confirm_event(supporter))

    @contextmanager
    def stale_snapshots(self) -> Iterator[None]:
        """Move the clock forward in the block, so that the stored count (the snapshot) is stale there.

        Each block moves it further, because the block before has stored a new snapshot.
        """
        self._clock_offset += FRESH_FOR + timedelta(seconds=1)
        moment = times.now() + self._clock_offset
        with mock.patch("chalicelib.core.times.now", return_value=moment):
            yield

    def id_of(self, supporter: str) -> str:
        return signature_id(self.petition.slug, f"{supporter}@example.org", scene.SECRET)
