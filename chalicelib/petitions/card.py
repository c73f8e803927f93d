"""The picture of a shared link: title and count, as PNG with 1200 x 630 pixels.

The template is SVG, which most sites that show links do not accept. Drawing it takes 50 ms. The font is that of the
cover sheets.
"""

from importlib.resources import as_file, files
from textwrap import shorten, wrap

from chalicelib.core.language import language_of
from chalicelib.pages.render import render
from chalicelib.petitions.model import Petition

FONT = "NotoSans[wdth,wght].ttf"
# Font size in pixels, characters a line, and the most lines. The first entry that holds the title is used.
# The last line always ends above the count.
SIZES = ((62, 32, 4), (46, 44, 6), (38, 54, 7))
# The most characters in each smaller line.
WIDTH = 62


def card_of(petition: Petition, count: int | None, language: str) -> bytes:
    """Return the PNG for link previews (og:image) in the language with this code. `count`: None if unavailable."""
    # Imported here, because no other request needs it.
    from resvg_py import svg_to_bytes

    size, lines = _size_and_lines(petition.title)
    addressed_to = language_of(language).text("A petition to %(target)s") % {"target": petition.target}
    svg = render(
        "card.svg",
        language,
        base="",
        site_url="",
        size=size,
        lines=lines,
        to=shorten(addressed_to, WIDTH, placeholder="…"),
        charity=shorten(petition.charity, WIDTH, placeholder="…"),
        count=count,
        goal=petition.goal_at(count or 0),
    )
    with as_file(files("fontpkg_noto_sans") / "files" / FONT) as font:
        return svg_to_bytes(svg_string=svg, font_files=[str(font)], skip_system_fonts=True, font_family="Noto Sans")


def _size_and_lines(title: str) -> tuple[int, list[str]]:
    """Return the font size and the lines of the title, which is shortened if it is too long."""
    for size, characters, most_lines in SIZES:
        lines = wrap(title, characters)
        if len(lines) <= most_lines:
            return size, lines
    last_line = shorten(" ".join(lines[most_lines - 1 :]), characters, placeholder="…")
    return size, [*lines[: most_lines - 1], last_line]
