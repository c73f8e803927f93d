"""The languages of pages, emails and errors, and the countries of a form.

`stack.languages` compiles the catalogues, with texts from CLDR.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.core import times

if TYPE_CHECKING:
    from gettext import NullTranslations

ENGLISH = "en"
FOLDER = Path(__file__).parents[1] / "languages"
# The contexts (msgctxt) of the texts from CLDR.
DIRECTION = "direction"
OWN_NAME = "own name"
SEPARATOR = "separator"
MONTH = "month"
WEEKDAY = "day"
COUNTRY = "country"


def translatable(text: str) -> str:
    return text


class FilledText(str):
    """An English sentence with its values filled in. Keeps template and values, so `Language.text` can translate."""

    template: str
    values: Mapping[str, str]

    def __new__(cls, template: str, values: Mapping[str, object]) -> FilledText:
        texts = {name: f"{value:,}" if isinstance(value, int) else str(value) for name, value in values.items()}
        filled = super().__new__(cls, template % texts)
        filled.template, filled.values = template, texts
        return filled


class Language(NamedTuple):
    """A language with its texts, dates and numbers. Not a dataclass, because a dataclass takes longer to import."""

    code: str
    catalogue: NullTranslations

    def text(self, english: str) -> str:
        if isinstance(english, FilledText):
            return self.catalogue.gettext(english.template) % english.values
        return self.catalogue.gettext(english)

    def cldr(self, context: str, english: str) -> str:
        return self.catalogue.pgettext(context, english)

    @property
    def direction(self) -> str:
        """Return "ltr" or "rtl": a catalogue may translate "ltr" as "rtl"."""
        return self.cldr(DIRECTION, "ltr")

    @property
    def name(self) -> str:
        """The catalogue's translation of "English", such as "Cymraeg"."""
        return self.cldr(OWN_NAME, "English")

    def countries(self) -> dict[str, str]:
        """Return the translated names of countries by code, sorted by name."""
        names = {code: self.cldr(COUNTRY, name) for code, name in countries().items()}
        if self.code == ENGLISH:
            return names  # The English names are sorted already.
        codes = sorted(names, key=lambda code: names[code].casefold())
        return {code: names[code] for code in codes}

    def thousands(self, number: int) -> str:
        """With the language's separators, such as "12,345"."""
        return f"{number:,}".replace(",", self.cldr(SEPARATOR, ","))

    def date(self, moment: datetime, zone: str = "UTC") -> str:
        day = times.in_zone(moment, zone)
        parts = {"day": day.day, "month": self.cldr(MONTH, f"{day:%B}"), "year": day.year}
        return self.text(translatable("%(day)s %(month)s %(year)s")) % parts

    def moment(self, moment: datetime, zone: str = "UTC") -> str:
        """Return day and minute: "24 June 2026 at 15:05 BST (14:05 UTC)". petition.js uses the same format."""
        local = times.in_zone(moment, zone)
        parts = {"date": self.date(moment, zone), "time": f"{local:%H:%M}", "zone": local.tzname()}
        text = self.text(translatable("%(date)s at %(time)s %(zone)s")) % parts
        return f"{text} ({moment.astimezone(UTC):%H:%M} UTC)" if local.utcoffset() else text

    def to_the_second(self, moment: datetime) -> str:
        """Return the time to the second: "Tuesday 24 November 2026 at 14:05:09 UTC"."""
        utc = moment.astimezone(UTC)
        parts = {"weekday": self.cldr(WEEKDAY, f"{utc:%A}"), "date": self.date(utc), "time": f"{utc:%H:%M:%S}"}
        return self.text(translatable("%(weekday)s %(date)s at %(time)s UTC")) % parts


@cache
def languages() -> tuple[str, ...]:
    """Return the codes of all languages, English first. A checkout has .po files, the package only .mo files."""
    codes = {path.stem for path in FOLDER.iterdir() if path.suffix in (".po", ".mo")}
    return (ENGLISH, *sorted(codes))


@cache
def language_of(code: str) -> Language:
    # Imported here, so that the cold start of signing does not load gettext.
    from gettext import GNUTranslations, NullTranslations

    if code == ENGLISH or code not in languages():
        return Language(ENGLISH, NullTranslations())
    with (FOLDER / f"{code}.mo").open("rb") as file:
        return Language(code, GNUTranslations(file))


def known_language(code: str) -> str:
    """Return the code. Raise ValueError if this site does not have the language."""
    # English needs no list of languages, so the cold start of signing in English does not read the folder.
    if code != ENGLISH and code not in languages():
        raise ValueError(translatable("Choose a language that this site has"))
    return code


def clean_country(typed: str) -> str:
    code = typed.strip().upper()
    # Some letters become two in upper case: "ß" would become "SS", South Sudan. So accept only ASCII.
    is_known = typed.isascii() and code in countries()
    if not is_known:
        raise ValueError("Choose a country from the list")
    return code


@cache
def countries() -> dict[str, str]:
    """Return ISO 3166-1 alpha-2 codes and English names (CLDR), sorted by name.

    They are in a generated file, because the library babel would add ten megabytes to the package.
    """
    text = Path(__file__).with_name("countries.tsv").read_text(encoding="utf-8")
    return dict(line.split("\t") for line in text.splitlines())
