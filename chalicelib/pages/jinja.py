"""The Jinja environment for the templates of pages and emails, and the filters that templates can use.

Texts are in English: `{{ _("Hello %(name)s", name=name) }}`, or `{% trans count=n %}…{% pluralize %}…{% endtrans %}`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from chalicelib.core.language import ENGLISH, Language, language_of
from chalicelib.core.times import iso
from chalicelib.pages.markdown import petition_html

if TYPE_CHECKING:
    from jinja2 import BaseLoader, Environment

# In the deployed package, the templates are Python modules in this folder (stack/package.py).
COMPILED = "compiled"


def environment(*folders: Path, language: Language | None = None) -> Environment:
    """Return an environment for these folders, the first one first. Texts, dates and numbers are in `language`."""
    # Imported here: the cold start of signing loads no template engine.
    from jinja2 import ChoiceLoader, Environment, StrictUndefined

    jinja = Environment(
        loader=ChoiceLoader([_loader(folder) for folder in folders]),
        autoescape=_must_escape,
        undefined=StrictUndefined,
        auto_reload=False,  # Deployed files never change, so do not look for changes at every page.
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
        # Constants such as {{ 1000 | thousands }} depend on the language: compute them when rendering, not compiling.
        optimized=False,
    )
    _install_language(jinja, language or language_of(ENGLISH))
    jinja.filters |= {"iso": iso, "paragraphs": paragraphs, "capitalised": capitalised, "petition_html": petition_html}
    return jinja


def _must_escape(template_name: str | None) -> bool:
    is_text = template_name is not None and template_name.endswith(".txt")
    return not is_text


def _loader(folder: Path) -> BaseLoader:
    from jinja2 import FileSystemLoader, ModuleLoader

    compiled = folder / COMPILED
    return ModuleLoader(compiled) if compiled.exists() else FileSystemLoader(folder)


def _install_language(jinja: Environment, language: Language) -> None:
    jinja.policies["ext.i18n.trimmed"] = True
    texts = language.catalogue
    # The i18n extension adds this method. With newstyle, `_()` escapes the values and fills them in.
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
    """The Home Secretary, of "the Home Secretary"."""
    return text[:1].upper() + text[1:]
