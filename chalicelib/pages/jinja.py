"""The Jinja environment for the templates of pages and emails, and the filters that templates can use.

Templates write texts in English: `{{ _("Hello") }}`, `{{ _("Hello %(name)s", name=name) }}`, or between
`{% trans count=n %}` and `{% endtrans %}` with `{% pluralize %}`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from chalicelib.core.language import ENGLISH, Language, language_of
from chalicelib.core.times import iso

if TYPE_CHECKING:
    from jinja2 import BaseLoader, Environment

# In the deployed package, each folder of templates has only this folder: the templates as Python modules
# (stack/package.py).
COMPILED = "compiled"


def environment(*folders: Path, language: Language | None = None) -> Environment:
    """Return an environment for the templates in these folders.

    If two folders have a template of the same name, the first folder's template is used. Texts, dates and numbers are
    in `language`, or in English if `language` is None.
    """
    # Imported here, so that the cold start of signing does not load the template engine.
    from jinja2 import ChoiceLoader, Environment, StrictUndefined

    jinja = Environment(
        loader=ChoiceLoader([_loader(folder) for folder in folders]),
        autoescape=_must_escape,
        undefined=StrictUndefined,
        auto_reload=False,  # Deployed files never change, so do not look for changes at every page.
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
        # Compute constants such as {{ 1000 | thousands }} when the template is rendered. Computed when it is compiled,
        # they would be in English, but a compiled template serves all languages.
        optimized=False,
    )
    _install_language(jinja, language or language_of(ENGLISH))
    jinja.filters |= {
        "iso": iso,
        "paragraphs": paragraphs,
        "capitalised": capitalised,
    }
    return jinja


def _must_escape(template_name: str | None) -> bool:
    """Return whether the values in the template must be escaped: in every template except text."""
    is_text = template_name is not None and template_name.endswith(".txt")
    return not is_text


def _loader(folder: Path) -> BaseLoader:
    from jinja2 import FileSystemLoader, ModuleLoader

    compiled = folder / COMPILED
    return ModuleLoader(compiled) if compiled.exists() else FileSystemLoader(folder)


def _install_language(jinja: Environment, language: Language) -> None:
    # In `{% trans %}`, a line break and the spaces around it count as one space.
    jinja.policies["ext.i18n.trimmed"] = True
    texts = language.catalogue
    # The i18n extension adds this method to the environment. With newstyle, `_()` escapes the values and fills them in.
    install = jinja.install_gettext_callables  # type: ignore[attr-defined]
    install(texts.gettext, texts.ngettext, newstyle=True, pgettext=texts.pgettext, npgettext=texts.npgettext)
    jinja.globals["language"] = language
    jinja.filters |= {
        "thousands": language.thousands,
        "date": language.date,
        "moment": language.moment,
        "to_the_second": language.to_the_second,
        # For texts that code has marked as `translatable`.
        "translated": language.text,
    }


def paragraphs(text: str) -> list[str]:
    """Split the text at blank lines. The result is not HTML: the template escapes it."""
    parts = [part.strip() for part in re.split(r"\n\s*\n", text)]
    return [part for part in parts if part]


def capitalised(text: str) -> str:
    """Return the text with a capital first letter: "the Home Secretary" becomes "The Home Secretary"."""
    return text[:1].upper() + text[1:]
