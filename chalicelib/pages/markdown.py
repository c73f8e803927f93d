"""Turn a subset of Markdown into safe HTML, and into plain text for emails. Everything else is shown as typed."""

import re
from collections.abc import Sequence
from functools import cache, lru_cache, partial
from html import escape
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token


# The preset "zero" has paragraphs only. These rules add no HTML, no tables and no images: an image would tell its
# server who opens the email.
_RULES = ("newline", "escape", "entity", "emphasis", "link", "heading", "list", "blockquote", "reference")


class Style(NamedTuple):
    """`schemes`: of links. `first_heading`: the level of "#". `rel`: of links."""

    schemes: tuple[str, ...]
    first_heading: int
    rel: str = ""


# The page uses the levels 1 to 3: the petition, "Updates", and the title of the update.
UPDATE = Style(("https://", "mailto:"), 4)
# The text is below "What we ask".
PETITION = Style(("https://",), 3, "noreferrer")
# The parser's time grows with these, partly with their square. A long petition has a hundred.
_MARKS = re.compile(r"[\[*_&\\\n]")
MAX_MARKS = 1000
# Of an address that is typed without brackets.
_AFTER_SCHEME = {"https": re.compile(r'://[^\s<>"\\\[\]]+'), "mailto": re.compile(r":[\w.+-]+@[\w.-]+")}
_AFTER_ADDRESS = ".,:;!?'*_"
# The parser's time for an address grows with the square of its length.
_MAX_ADDRESS = 500


def as_html(markdown: str, style: Style = UPDATE) -> str:
    """Without scripts, styles, classes and images. Links go to https addresses and mailboxes only."""
    parser = _parser(style)
    return str(parser.renderer.render(parse(markdown, style), parser.options, {}))


@lru_cache(maxsize=50)
def petition_html(text: str) -> str:
    """Return a petition's text as safe HTML. With too many marks, it is shown as typed."""
    if has_too_many_marks(text):
        return "".join(f"<p>{escape(part)}</p>\n" for part in re.split(r"\n\s*\n", text))
    return as_html(text, PETITION)


def petition_plain(text: str) -> str:
    return text if has_too_many_marks(text) else as_text(text, PETITION)


def has_too_many_marks(text: str) -> bool:
    return len(_MARKS.findall(text)) > MAX_MARKS


@lru_cache(maxsize=1)
def parse(markdown: str, style: Style = UPDATE) -> "list[Token]":
    """Do not change the tokens: the next call with this text returns them again."""
    return _parser(style).parse(markdown)


@cache
def _parser(style: Style) -> "MarkdownIt":
    # Imported here: a cold start that shows no text does not pay for it (50 ms of CPU).
    from markdown_it import MarkdownIt

    parser = MarkdownIt("zero").enable([*_RULES])
    normalize = parser.normalizeLink
    parser.normalizeLink = lambda url: normalize(url) if len(url) <= _MAX_ADDRESS else ""  # type: ignore[method-assign]
    parser.validateLink = lambda url: url.startswith(style.schemes)  # type: ignore[method-assign]
    parser.inline.ruler.before("newline", "typed_address", _link_typed_address)
    parser.core.ruler.push("fit_into_page", partial(_fit_into_page, style))
    return parser


def _fit_into_page(style: Style, state: "StateCore") -> None:
    for token in state.tokens:
        if token.type.startswith("heading_"):
            level = int(token.tag[1]) + style.first_heading - 1
            token.tag = f"h{min(6, level)}"
        for each in token.children or []:
            if style.rel and each.type == "link_open":
                each.attrSet("rel", style.rel)


def _link_typed_address(state: "StateInline", silent: bool) -> bool:
    """Return whether an address with its scheme is typed at the colon `state.pos`."""
    scheme = next((each for each in _AFTER_SCHEME if state.pending.endswith(each)), None)
    if silent or scheme is None or state.linkLevel > 0 or state.pending[: -len(scheme)][-1:].isalnum():
        return False
    rest = _AFTER_SCHEME[scheme].match(state.src, state.pos)
    if rest is None:
        return False
    typed = rest[0].rstrip(_AFTER_ADDRESS if "(" in rest[0] else f"{_AFTER_ADDRESS})")
    url = state.md.normalizeLink(scheme + typed)
    if not state.md.validateLink(url):
        return False
    state.pending = state.pending[: -len(scheme)]
    link = state.push("link_open", "a", 1)
    link.attrs, link.info = {"href": url}, "auto"
    state.push("text", "", 0).content = (scheme + typed).removeprefix("mailto:")
    state.push("link_close", "a", -1)
    state.pos += len(typed)
    return True


_QUOTE = "> "


def as_text(markdown: str, style: Style = UPDATE) -> str:
    """A link becomes "text (address)"."""
    writer = _Writer()
    for token in parse(markdown, style):
        writer.read(token)
    return "\n".join(writer.lines)


class _Writer:
    """`_margins`: the text before each line, one piece for each open quote or list item.

    `_numbers`: for each open list the number of its next item, or None for bullets. `_needs_gap`: an empty line comes
    before the next text.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._margins: list[str] = []
        self._numbers: list[int | None] = []
        self._needs_gap = False

    def read(self, token: "Token") -> None:
        kind = token.type
        if kind == "inline":
            self._write(_inline(token.children or []))
        elif kind in ("bullet_list_open", "ordered_list_open"):
            self._open_list(token)
        elif kind in ("bullet_list_close", "ordered_list_close"):
            self._numbers.pop()
        elif kind == "list_item_open":
            self._margins.append(self._next_marker())
        elif kind == "blockquote_open":
            self._margins.append(_QUOTE)
        elif kind in ("list_item_close", "blockquote_close"):
            self._margins.pop()
        elif kind in ("paragraph_open", "heading_open"):
            # In a list without empty lines, the parser marks each paragraph as hidden.
            self._needs_gap = self._needs_gap or not token.hidden

    def _open_list(self, token: "Token") -> None:
        is_within_list = bool(self._numbers)
        if not is_within_list:  # A list within another list needs no gap.
            self._needs_gap = True
        has_bullets = token.type == "bullet_list_open"
        self._numbers.append(None if has_bullets else int(token.attrs.get("start", 1)))

    def _next_marker(self) -> str:
        number = self._numbers[-1]
        if number is None:
            return "- "
        self._numbers[-1] = number + 1
        return f"{number}. "

    def _write(self, text: str) -> None:
        if self.lines and self._needs_gap:
            self.lines.append("")
        self._needs_gap = False
        for line in text.split("\n"):
            self.lines.append("".join(self._margins) + line)
            # Only the first line of a list item has the item's marker.
            # A quote has its mark on each line.
            self._margins = [margin if margin == _QUOTE else " " * len(margin) for margin in self._margins]


def _inline(tokens: Sequence["Token"]) -> str:
    parts: list[str] = []
    # The index of its first part, and its address ("" if the text shows the address).
    links: list[tuple[int, str]] = []
    for token in tokens:
        if token.type in ("softbreak", "hardbreak"):
            parts.append("\n")
        elif token.type == "link_open":
            address = "" if token.info == "auto" else str(token.attrs["href"])
            links.append((len(parts), address.removeprefix("mailto:")))
        elif token.type == "link_close":
            start, address = links.pop()
            if address and address != "".join(parts[start:]):
                parts.append(f" ({address})")
        else:
            parts.append(token.content)
    return "".join(parts)
