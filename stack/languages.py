"""Compile the catalogues: gettext's .mo files from `chalicelib/languages/*.po`, with each language's own data of CLDR.

They are derived, so they are not in the repository. Babel does this here, and does not ship: its data is large.
"""

import os
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from chalicelib.core import language
from chalicelib.core.countries import countries
from stack.paths import ROOT

_PLACE = "chalicelib/languages"


def catalogues(project: Path) -> list[Path]:
    return sorted((project / _PLACE).glob("*.po"))


def compiled_catalogues(project: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the name of each compiled catalogue in the zip, and its content."""
    for path in catalogues(project):
        yield f"{_PLACE}/{path.stem}.mo", compiled(path)


def compiled(path: Path) -> bytes:
    """Return the .mo of a catalogue. Its fuzzy texts are left out: nobody has checked them."""
    catalogue = read_catalogue(path)
    for context, english, own in _published(path.stem):
        catalogue.add(english, own, context=context)
    out = BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def read_catalogue(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.stem, abort_invalid=True)


def write_compiled(project: Path = ROOT) -> None:
    """Write the .mo files that are missing or old beside their .po files. Several processes may do this at once."""
    for name, content in compiled_catalogues(project):
        path = project / name
        if not path.exists() or path.read_bytes() != content:
            partial = path.with_suffix(f".{os.getpid()}")
            partial.write_bytes(content)
            partial.replace(path)


def _published(code: str) -> Iterator[tuple[str, str, str]]:
    """Yield what CLDR publishes for the language: context, English text and own text. Nothing if it has no such."""
    try:
        own, english = Locale.parse(code), Locale("en")
    except UnknownLocaleError:
        return
    yield language.DIRECTION, "ltr", own.text_direction
    yield language.OWN_NAME, "English", own.get_language_name() or code
    yield language.SEPARATOR, ",", own.number_symbols["latn"]["group"]
    for kind, context in (("months", language.MONTH), ("days", language.WEEKDAY)):
        ours, theirs = getattr(english, kind)["format"]["wide"], getattr(own, kind)["format"]["wide"]
        yield from ((context, ours[each], theirs[each]) for each in ours)
    yield from ((language.COUNTRY, name, own.territories.get(key, name)) for key, name in countries().items())
