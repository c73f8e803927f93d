"""Languages: texts from our catalogues, dates and names of countries from CLDR."""

from datetime import UTC, datetime

from chalicelib.core.language import FilledText, language_of, languages


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
