"""Setting a sheet in type takes a quarter of a second: test_cover does it, and the flows on the emulator."""

import pytest


@pytest.fixture(autouse=True)
def _blank_cover(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.exports.deliver.cover_sheet", lambda _: b"%PDF")
