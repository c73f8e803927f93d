"""The check of the catalogues finds what translators and authors of templates forget."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from stack.languages import compiled_catalogues
from stack.lint.translations import problems, unmarked_texts
from stack.paths import ROOT

ENGLISH = 'Email <a href="mailto:%(contact)s">%(contact)s</a>'
WELSH = 'E-bostiwch <a href="mailto:%(contact)s">%(contact)s</a>'
PLURAL = ("%(n)s signature", "%(n)s signatures")


def a_catalogue(
    english: str | tuple[str, str], translation: str | tuple[str, ...], flags: Sequence[str] = ()
) -> Catalog:
    catalogue = Catalog(locale="cy")
    catalogue.add(english, translation, flags=flags)
    return catalogue


@pytest.mark.parametrize(
    ("english", "translation", "flags", "problem"),
    [
        (ENGLISH, WELSH, (), None),
        (ENGLISH, "", (), "not translated"),
        (ENGLISH, WELSH, ("fuzzy",), "fuzzy"),
        (ENGLISH, WELSH.replace("%(contact)s</a>", "ni</a>").replace("mailto:%(contact)s", "/"), (), "differ"),
        (ENGLISH, WELSH.replace("contact)s<", "kontakt)s<"), (), "differ"),
        (ENGLISH, WELSH.replace("</a>", ""), (), "differ"),
        (PLURAL, ("%(n)s o lofnodion",) * 5, (), None),
        (PLURAL, ("%(n)s o lofnodion", "", "", "", ""), (), "not translated"),
        (PLURAL, ("%(n)s o lofnodion", *["llofnod"] * 4), (), "differ"),
    ],
)
def test_a_forgotten_or_damaged_translation_is_found(
    english: str | tuple[str, str], translation: str | tuple[str, ...], flags: Sequence[str], problem: str | None
) -> None:
    found = list(problems(a_catalogue(english, translation, flags), a_catalogue(english, "")))
    if problem is None:
        assert found == []
        return
    assert found
    for each in found:
        assert problem in each


def test_a_new_text_and_an_unused_text_are_found() -> None:
    found = list(problems(a_catalogue("Old", "Hen"), a_catalogue("New", "")))
    advice = "(run `python -m stack.lint.translations --update`)"
    assert found == [f"not in the catalogue: 'New' {advice}", "no longer used: 'Old'"]


def test_a_text_that_is_not_marked_for_translation_is_found(tmp_path: Path) -> None:
    templates = tmp_path / "chalicelib" / "pages"
    templates.mkdir(parents=True)
    (templates / "page.html").write_text(
        "{# A comment #}<style>p { color: red }</style><p>{{ _('Hello') }} 1 {% trans %}you{% endtrans %}</p>"
        '<img alt="A picture"><p>Forgotten <b>{{ name }}</b></p>'
    )
    found = [each.partition(": ")[2] for each in unmarked_texts(tmp_path)]
    assert found == ["not in _() or trans: 'A picture'", "not in _() or trans: 'Forgotten'"]


def test_the_compiled_catalogue_ships_and_does_not_depend_on_the_time() -> None:
    """Otherwise a deployment of unchanged code would replace every function."""
    [(name, content)] = compiled_catalogues(ROOT)
    assert name == "chalicelib/languages/cy.mo"
    assert re.findall(rb"Creation-Date: (\S+)", content) == [b"2000-01-01"]
