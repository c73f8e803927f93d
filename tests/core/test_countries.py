"""Country codes as people type them."""

import pytest

from chalicelib.core.language import clean_country, countries


def test_countries_are_iso_codes_in_any_case() -> None:
    assert (clean_country(" gb "), clean_country("NL")) == ("GB", "NL")
    assert len(countries()) == 249
    for code in countries():
        assert len(code) == 2
        assert code.isupper()
        assert code.isascii()


@pytest.mark.parametrize("typed", ["", "UK", "ZZ", "GBR", "United Kingdom", "ß", "EU"])
def test_unknown_countries_are_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="Choose a country"):
        clean_country(typed)
