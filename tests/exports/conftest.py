"""Skip the cover sheet, which takes a quarter of a second. test_cover and the flows on the emulator make real ones."""

import pytest


@pytest.fixture(autouse=True)
def _blank_cover(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.exports.deliver.cover_sheet", lambda _: b"%PDF")
