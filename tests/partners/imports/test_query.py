"""The query of an import: staff who make a mistake in it start no real import."""

import zoneinfo

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


def test_the_zone_of_a_file_is_the_one_of_the_site_unless_staff_name_another() -> None:
    assert [read_query(query).zone for query in ({}, {"zone": ""}, {"zone": "UTC"})] == [*["Europe/London"] * 2, "UTC"]


@pytest.mark.parametrize(
    "zone", ["BST", "Europe", "europe/london", "../UTC", "/etc/localtime", "+01:00", "London", "localtime", "EST"]
)
def test_an_unknown_zone_is_refused(zone: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_query({"zone": zone})
    assert [(error.field, error.message) for error in refused.value.errors] == [
        ("zone", "Enter the name of a time zone, such as Europe/London or UTC")
    ]


def test_zones_are_known_on_a_machine_without_them() -> None:
    """Lambda's machines have none: they come with the package tzdata."""
    zoneinfo.reset_tzpath([])
    try:
        assert read_query({"zone": "Europe/Dublin"}).zone == "Europe/Dublin"
        assert zoneinfo.ZoneInfo.no_cache("Europe/Dublin").key == "Europe/Dublin"
    finally:
        zoneinfo.reset_tzpath()
