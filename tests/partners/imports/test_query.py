"""The query of an import: staff who make a mistake in it start no real import."""

import pytest

from chalicelib.core.errors import Invalid
from chalicelib.partners.imports.query import read_query


@pytest.mark.parametrize("value", ["on", "y", "dry", ""])
def test_an_unclear_dry_run_is_refused(value: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_query({"partner": "partner-oak", "dry_run": value})
    assert [error.field for error in refused.value.errors] == ["dry_run"]


@pytest.mark.parametrize(("value", "is_dry_run"), [("true", True), ("YES", True), ("1", True), ("false", False)])
def test_a_clear_dry_run_is_read(value: str, is_dry_run: bool) -> None:
    assert read_query({"dry_run": value}).is_dry_run is is_dry_run


def test_unknown_parameters_are_named() -> None:
    with pytest.raises(Invalid) as refused:
        read_query({"partner": "partner-oak", "dry-run": "true", "page": "2"})
    assert [error.field for error in refused.value.errors] == ["dry-run", "page"]
