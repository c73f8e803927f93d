"""Turn Markdown into safe HTML. Only a subset of Markdown has an effect; everything else is shown as typed."""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

# The parser's preset "zero" has paragraphs only. These rules add the rest of the subset, but no HTML, no tables and no
# images: an image would tell its server who opens the email.
_RULES = ("newline", "escape", "entity", "emphasis", "link", "linkify", "heading", "list", "blockquote", "reference")
_SCHEMES = ("https://", "mailto:")
# The page uses the heading levels 1 to 3: the petition, "Updates", and the title of the update.
_FIRST_HEADING = 4


def as_html(markdown: str) -> str:
    """Return HTML without scripts, styles, classes and images. Links go to https addresses and mailboxes only."""
    parser = _parser()
    tokens = parse(markdown)
    for token in tokens:
        if token.type.startswith("heading_"):
            level = int(token.tag[1]) + _FIRST_HEADING - 1  # So "h1" becomes a heading of the level _FIRST_HEADING.
            token.tag = f"h{min(6, level)}"
    return str(parser.renderer.render(tokens, parser.options, {}))


def parse(markdown: str) -> "list[Token]":
    """Return the parser's tokens for the Markdown. Only the subset above becomes tokens; the rest stays text."""
    return _parser().parse(markdown)


@cache
def _parser() -> "MarkdownIt":
    # Imported here: only a request that saves an update needs it (50 ms of CPU).
    from markdown_it import MarkdownIt

    parser = MarkdownIt("zero", {"linkify": True}).enable([*_RULES])
    assert parser.linkify
    # Only addresses that are typed with their scheme become links.
    parser.linkify.set({"fuzzy_link": False, "fuzzy_email": False})
    parser.validateLink = lambda url: url.startswith(_SCHEMES)  # type: ignore[method-assign]
    return parser
