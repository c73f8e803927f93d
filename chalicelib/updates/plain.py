"""Markdown as plain text, for the part of an email that has no formatting."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from chalicelib.updates.markdown import parse

if TYPE_CHECKING:
    from markdown_it.token import Token

_QUOTE = "> "


def as_text(markdown: str) -> str:
    """Return the text without Markdown characters. A link becomes "text (address)"."""
    writer = _Writer()
    for token in parse(markdown):
        writer.read(token)
    return "\n".join(writer.lines)


class _Writer:
    """Collect the lines. `_margins` is the text before each line: one piece for each open quote or list item.

    `_numbers` has an entry for each open list: the number of its next item, or None if the list has bullets.
    `_needs_gap`: an empty line comes before the next text.
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
            # In a list without empty lines, the parser marks each paragraph as hidden. Such a paragraph needs no gap.
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
            # Only the first line of a list item has the item's marker. The other lines are indented.
            self._margins = [_next_margin(margin) for margin in self._margins]


def _next_margin(margin: str) -> str:
    """Return what the next line has in place of this: a quote's mark again, or spaces below the marker of a list."""
    return margin if margin == _QUOTE else " " * len(margin)


def _inline(tokens: Sequence["Token"]) -> str:
    """Return the plain text of a paragraph or heading, which may have several lines."""
    parts: list[str] = []
    # For each open link: the index of its first part, and its address ("" if the text shows the address).
    links: list[tuple[int, str]] = []
    for token in tokens:
        if token.type in ("softbreak", "hardbreak"):
            parts.append("\n")
        elif token.type == "link_open":
            # If the text of a link is its address, do not repeat the address.
            address = "" if token.info == "auto" else str(token.attrs["href"])
            links.append((len(parts), address.removeprefix("mailto:")))
        elif token.type == "link_close":
            start, address = links.pop()
            if address and address != "".join(parts[start:]):
                parts.append(f" ({address})")
        else:
            parts.append(token.content)
    return "".join(parts)
