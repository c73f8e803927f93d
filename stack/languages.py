"""Compile and update the catalogues, the files with the translations: `chalicelib/languages/*.po`.

Babel compiles each to a .mo file for gettext, and adds texts from CLDR, the Unicode consortium's data about languages.
The Lambda zip contains the .mo files, but not Babel, because Babel's data is large.
"""

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from chalicelib.core import language
from chalicelib.core.language import countries
from stack.paths import ROOT

FOLDER = "chalicelib/languages"
# Babel's method to find the texts of a file, by the file's suffix, and the options of these methods.
_METHODS = {".py": "python", ".html": "jinja2.ext:babel_extract", ".txt": "jinja2.ext:babel_extract"}
_OPTIONS = {"extensions": "jinja2.ext.i18n", "trimmed": "true", "trim_blocks": "true", "lstrip_blocks": "true"}
# The calls that mark a text for translation, with the numbers of the arguments that are texts, as Babel's `keywords`.
# None: the first argument. "c": the argument is a context, not a text.
_TRANSLATION_CALLS = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "translatable": None,
}
# The calls that create errors with a text to translate, in the same notation.
_ERROR_CALLS = {"ValueError": None, "AddressError": None, "FieldError": (2,), "Problem": (3,), "_try_again": None}
# Lines of a catalogue's header that Babel changes each time.
_CHANGING_LINES = re.compile(
    r'^"(Project-Id-Version|Report-Msgid|POT-Creation|PO-Revision|Last-Translator|Language-Team|Generated).*\n', re.M
)
# Babel writes the time into the .mo file. With a fixed time, packages of the same code are the same, byte for byte.
_FIXED_DATE = datetime(2000, 1, 1, tzinfo=UTC)
_STAFF_PAGES = {"staff.html", "sign_in.html"}


def is_for_staff(path: Path) -> bool:
    """Return whether the template is a page or an email of staff, in English only."""
    return path.name in _STAFF_PAGES or path.match("staff/templates/*")


def catalogues(project: Path) -> list[Path]:
    return sorted((project / FOLDER).glob("*.po"))


def compiled_catalogues(project: Path) -> Iterator[tuple[str, bytes]]:
    for path in catalogues(project):
        yield f"{FOLDER}/{path.stem}.mo", compiled(path)


def compiled(path: Path) -> bytes:
    """Return the content of the .mo file. Translations that are marked as fuzzy are left out: nobody checked them."""
    catalogue = read_catalogue(path)
    catalogue.creation_date = _FIXED_DATE
    for context, english, translation in _cldr_texts(path.stem):
        catalogue.add(english, translation, context=context)
    out = BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def read_catalogue(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.stem, abort_invalid=True)


def write_compiled(project: Path = ROOT) -> None:
    """Write each .mo file that is missing or old, beside its .po file. Several processes may do this at once."""
    for name, content in compiled_catalogues(project):
        path = project / name
        is_current = path.exists() and path.read_bytes() == content
        if not is_current:
            partial = path.with_suffix(f".{os.getpid()}")
            partial.write_bytes(content)
            partial.replace(path)


def _cldr_texts(code: str) -> Iterator[tuple[str, str, str]]:
    """Yield context, English text and translation of CLDR's texts; nothing if CLDR does not have the language."""
    try:
        own = Locale.parse(code)
    except UnknownLocaleError:
        return
    english = Locale("en")
    yield language.DIRECTION, "ltr", own.text_direction
    yield language.OWN_NAME, "English", own.get_language_name() or code
    yield language.SEPARATOR, ",", own.number_symbols["latn"]["group"]
    for kind, context in (("months", language.MONTH), ("days", language.WEEKDAY)):
        english_names = getattr(english, kind)["format"]["wide"]
        own_names = getattr(own, kind)["format"]["wide"]
        for key, english_name in english_names.items():
            yield context, english_name, own_names[key]
    for country_code, english_name in countries().items():
        yield language.COUNTRY, english_name, own.territories.get(country_code, english_name)


def extracted(project: Path = ROOT) -> Catalog:
    """Return the English texts in code and templates that need a translation. They are the keys of every catalogue."""
    texts = Catalog(project="petitions", copyright_holder="the contributors", charset="utf-8", fuzzy=False)
    for path in sorted((project / "chalicelib").rglob("*")):
        place = path.relative_to(project).as_posix()
        method = _METHODS.get(path.suffix)
        if method and not is_for_staff(path):
            messages = extract_from_file(method, path, keywords=_keywords(place), options=_OPTIONS)
            for line, message, comments, context in messages:
                texts.add(message, locations=[(place, line)], auto_comments=comments, context=context)
    return texts


def updated(path: Path, texts: Catalog) -> Catalog:
    """Return the catalogue with exactly these texts: that of the file, or a new one."""
    if path.exists():
        catalogue = read_catalogue(path)
    else:  # With the language's rule for plurals.
        catalogue = Catalog(locale=path.stem, header_comment=f"# {path.stem}", charset="utf-8", fuzzy=False)
    catalogue.update(texts, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    return catalogue


def write_catalogue(path: Path, catalogue: Catalog) -> None:
    """Write the catalogue in the order of source files. Leave out dates and line numbers, which change each time."""
    out = BytesIO()
    write_po(out, catalogue, width=120, sort_by_file=True, include_lineno=False)
    path.write_text(_CHANGING_LINES.sub("", out.getvalue().decode()), encoding="utf-8")


def _keywords(place: str) -> dict[str, Any]:
    """Return the calls in the file that have texts to translate. `place`: the file's path.

    Errors of most folders have no translation: they are for staff, whose pages are in English.
    """
    has_public_errors = place.startswith(("chalicelib/core/", "chalicelib/edge/", "chalicelib/signatures/"))
    is_for_logs = place == "chalicelib/edge/batch.py"
    if has_public_errors and not is_for_logs:
        return {**_TRANSLATION_CALLS, **_ERROR_CALLS}
    return {**_TRANSLATION_CALLS}
