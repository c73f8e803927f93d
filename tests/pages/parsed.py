"""A small DOM for tests of rendered pages."""

from __future__ import annotations

from html.parser import HTMLParser
from types import SimpleNamespace

VOID_TAGS = {"meta", "link", "img", "input", "br", "hr"}


class Element(SimpleNamespace):
    """A start tag with its attributes, and all text up to its end tag."""

    tag: str
    attrs: dict[str, str]
    text: str


class Page(HTMLParser):
    """The elements of a page in order, each with its text. A tag that is not closed is an error."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(html)
        self.close()
        assert not self._open, f"not closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"an attribute twice in <{tag}>: {names}"
        # An attribute without a value, such as `required`, has the value None here.
        texts = {name: value or "" for name, value in attrs}
        element = Element(tag=tag, attrs=texts, text="")
        self.elements.append(element)
        if tag not in VOID_TAGS:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def all(self, *tags: str, **attrs: str) -> list[Element]:
        """Return the elements that have one of these tags, or any tag if none is given, and all these attributes."""
        expected = {name.replace("_", "-"): value for name, value in attrs.items()}
        found = self.elements
        if tags:
            found = [element for element in found if element.tag in tags]
        return [element for element in found if expected.items() <= element.attrs.items()]

    def one(self, *tags: str, **attrs: str) -> Element:
        (found,) = self.all(*tags, **attrs)
        return found

    @property
    def ids(self) -> list[str]:
        return [element.attrs["id"] for element in self.elements if "id" in element.attrs]

    @property
    def text(self) -> str:
        return " ".join(self.one("body").text.split())
