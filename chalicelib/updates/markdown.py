"""Turn Markdown into safe HTML. Only a subset of Markdown has an effect; everything else is shown as typed."""

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

# The parser's preset "zero" has paragraphs only. These rules add the rest of the subset, but no HTML, no tables and no
# images: an image would tell its server who opens the email.
_RULES = ("newline", "escape", "entity", "emphasis", "link", "heading", "list", "blockquote", "reference")
_SCHEMES = ("https://", "mailto:")
# The page uses the heading levels 1 to 3: the petition, "Updates", and the title of the update.
_FIRST_HEADING = 4
# What follows the scheme of an address that is typed without brackets.
_AFTER_SCHEME = {"https": re.compile(r'://[^\s<>"\\\[\]]+'), "mailto": re.compile(r":[\w.+-]+@[\w.-]+")}
_AFTER_ADDRESS = ".,:;!?'*_"
# Longer addresses become no links: the parser's time for an address grows with the square of its length.
_MAX_ADDRESS = 500


def as_html(markdown: str) -> str:
    """Return HTML without scripts, styles, classes and images. Links go to https addresses and mailboxes only."""
    parser = _parser()
    return str(parser.renderer.render(parse(markdown), parser.options, {}))


@lru_cache(maxsize=1)
def parse(markdown: str) -> "list[Token]":
    """Return the parser's tokens for the Markdown. Only the subset above becomes tokens; the rest stays text.

    Do not change them: the next call with this text returns them again.
    """
    return _parser().parse(markdown)


@cache
def _parser() -> "MarkdownIt":
    # Imported here: only a request that saves an update needs it (50 ms of CPU).
    from markdown_it import MarkdownIt

    parser = MarkdownIt("zero").enable([*_RULES])
    normalize = parser.normalizeLink
    parser.normalizeLink = lambda url: normalize(url) if len(url) <= _MAX_ADDRESS else ""  # type: ignore[method-assign]
    parser.validateLink = lambda url: url.startswith(_SCHEMES)  # type: ignore[method-assign]
    parser.inline.ruler.before("newline", "typed_address", _link_typed_address)
    parser.core.ruler.push("lower_headings", _lower_headings)
    return parser


def _lower_headings(state: "StateCore") -> None:
    for token in state.tokens:
        if token.type.startswith("heading_"):
            level = int(token.tag[1]) + _FIRST_HEADING - 1  # So "h1" becomes a heading of the level _FIRST_HEADING.
            token.tag = f"h{min(6, level)}"


def _link_typed_address(state: "StateInline", silent: bool) -> bool:
    """Make a link of an address that is typed with its scheme. Return whether there is one at the colon state.pos."""
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
