"""An invented table of constituencies."""

import pytest

from chalicelib.petitions.constituency_table import Constituencies, packed

TABLE = {"ZZ1 1AA": "Upper Zed", "ZZ9 9ZZ": "Lower Zed", "SW1A 1AA": "Zed Palace"}


def give_table(patch: pytest.MonkeyPatch) -> None:
    _set(patch, Constituencies(packed(TABLE)))


def remove_table(patch: pytest.MonkeyPatch) -> None:
    """Remove the table, even if this checkout was built with one."""
    _set(patch, None)


def _set(patch: pytest.MonkeyPatch, known: Constituencies | None) -> None:
    patch.setattr("chalicelib.projections.worker.constituencies", lambda: known)
    patch.setattr("chalicelib.projections.api.is_configured", lambda: known is not None)
