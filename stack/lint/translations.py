"""Check the catalogues, the files with the translations: `python -m stack.lint.translations`.

With --update, the command first adds new texts to the catalogues and removes unused texts. With --add fr, it first
creates the catalogue of a new language.
"""

import re
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from babel.messages.catalog import Catalog, Message

from stack.console import Failure, run_main
from stack.languages import FOLDER, catalogues, extracted, is_for_staff, read_catalogue, updated, write_catalogue
from stack.paths import ROOT

# The places for values in the texts of templates and Python: %(name)s.
_VALUES = re.compile(r"%\((\w+)\)s")
# The parts of a template that are not text, or that are marked for translation. All other text is not marked.
_CODE_OR_MARKED = re.compile(r"\{#.*?#\}|\{% trans.*?%\}.*?\{% endtrans %\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
# The attributes of HTML elements whose values people see or hear.
_ATTRIBUTES = ("alt", "aria-label", "title", "placeholder")


def problems(catalogue: Catalog, texts: Catalog) -> Iterator[str]:
    for text in texts:
        if not text.id:  # The header of a catalogue is a message without an id.
            continue
        message = catalogue.get(text.id, text.context)
        if message is None:
            yield f"not in the catalogue: {_english(text)!r} (run `python -m stack.lint.translations --update`)"
        else:
            yield from _problems_of(message)
    for message in catalogue:
        if message.id and texts.get(message.id, message.context) is None:
            yield f"no longer used: {_english(message)!r}"


def _problems_of(message: Message) -> Iterator[str]:
    """Each form of a translation must have all values of the English plural.

    The English singular may leave out the number ("one signature"), but Russian has one form for 1, 21 and 31.
    """
    english = _english(message)
    # A text with a singular and a plural has several forms.
    forms = message.string if isinstance(message.string, (list, tuple)) else [message.string]
    is_complete = all(forms)
    if message.fuzzy:
        yield f"fuzzy: {english!r}"
    if not is_complete:
        yield f"not translated: {english!r}"
    for form in filter(None, forms):
        has_same_values = _values(form) == _values(english)
        has_same_tags = _tags(form) == _tags(english)
        if not (has_same_values and has_same_tags):
            yield f"values or tags differ from the English text: {form!r}"


def _english(message: Message) -> str:
    """Return the English plural, or the text. The plural has a placeholder for each value."""
    if isinstance(message.id, (list, tuple)):
        _singular, plural = message.id
        return str(plural)
    return str(message.id)


def _values(text: str) -> set[str]:
    return set(_VALUES.findall(text))


def _tags(text: str) -> list[str]:
    return sorted(re.findall(r"</?\w+[^>]*>", text))


class _Texts(HTMLParser):
    """Collects the texts of a template that people see and that are not marked for translation."""

    def __init__(self, template: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._is_in_style_or_script = False
        self.feed(_CODE_OR_MARKED.sub("", template))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._is_in_style_or_script = tag in ("style", "script")
        texts = [value for name, value in attrs if value and name in _ATTRIBUTES]
        self.handle_data(" ".join(texts))

    def handle_endtag(self, tag: str) -> None:
        self._is_in_style_or_script = False  # A style or script contains no other tags.

    def handle_data(self, data: str) -> None:
        has_letter = re.search(r"[^\W\d_]", data)
        if has_letter and not self._is_in_style_or_script:
            self.found.append(" ".join(data.split()))


def unmarked_texts(project: Path = ROOT) -> Iterator[str]:
    folder = project / "chalicelib"
    html_files = sorted(folder.rglob("*.html"))
    text_files = sorted(folder.rglob("*.txt"))
    for path in (*html_files, *text_files):
        if not is_for_staff(path):
            template = path.read_text(encoding="utf-8")
            for text in _Texts(template).found:
                yield f"{path.relative_to(project)}: not in _() or trans: {text!r}"


def check(project: Path = ROOT) -> list[str]:
    texts = extracted(project)
    found = list(unmarked_texts(project))
    for path in catalogues(project):
        catalogue = read_catalogue(path)
        found += [f"{path.relative_to(project)}: {problem}" for problem in problems(catalogue, texts)]
    return found


def _main() -> None:
    parser = ArgumentParser(prog="python -m stack.lint.translations", description=__doc__)
    parser.add_argument("--update", action="store_true", help="add new texts to the catalogues and remove unused texts")
    parser.add_argument("--add", metavar="CODE", help="write a new, empty catalogue")
    options = parser.parse_args()
    paths = catalogues(ROOT) if options.update else []
    if options.add:
        paths.append(ROOT / FOLDER / f"{options.add}.po")
    for path in paths:
        write_catalogue(path, updated(path, extracted()))
    found = check()
    if found:
        print("\n".join(found), file=sys.stderr)
        raise Failure(f"{len(found)} problems in the translations")


if __name__ == "__main__":
    run_main(_main)
