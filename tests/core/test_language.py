"""Languages: texts from our catalogues, dates and names of countries from CLDR. Country codes as people type them."""

from datetime import UTC, datetime

import pytest

from chalicelib.core.language import FilledText, clean_country, countries, language_of, languages


def test_an_unknown_language_is_english() -> None:
    assert languages()[0] == "en"
    assert {language_of(code).code for code in ("", "xx", "../languages/cy", "en")} == {"en"}


def test_welsh_has_its_name_direction_months_and_countries() -> None:
    welsh = language_of("cy")
    assert (welsh.name, welsh.direction) == ("Cymraeg", "ltr")
    moment = datetime(2026, 11, 24, 14, 5, 9, tzinfo=UTC)
    assert welsh.to_the_second(moment) == "Dydd Mawrth 24 Tachwedd 2026 am 14:05:09 UTC"
    names = welsh.countries()
    assert (names["ZA"], names["DE"]) == ("De Affrica", "Yr Almaen")
    assert [*names].index("ZA") < [*names].index("DE")


def test_a_sentence_with_a_limit_is_translated_with_its_limit() -> None:
    sentence = FilledText("Must have at most %(max_length)s characters", {"max_length": 2_000})
    assert sentence == "Must have at most 2,000 characters"
    assert language_of("cy").text(sentence) == "Rhaid cael 2,000 nod ar y mwyaf"


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
