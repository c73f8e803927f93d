"""Fixtures of exports. The cover sheet is blank: a real sheet takes 0.25 s. Tests in programs and flows make one."""

from pathlib import Path

import pytest

from chalicelib.exports.run import ExportContext
from tests.exporting import an_export_context
from tests.fakes import FakeBucket, FakeTables


@pytest.fixture(autouse=True)
def _blank_cover(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.exports.run.cover_sheet", lambda _: b"%PDF")


@pytest.fixture
def bucket() -> FakeBucket:
    return FakeBucket()


@pytest.fixture
def context(tables: FakeTables, bucket: FakeBucket, tmp_path: Path) -> ExportContext:
    return an_export_context(tables, bucket, tmp_path)
