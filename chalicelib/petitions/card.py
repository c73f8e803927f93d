"""The picture of a shared link: title and count, as PNG with 1200 x 630 pixels.

Most sites that show links take no SVG. The template is drawn in 50 ms with the font that ships for cover sheets.
"""

from importlib.resources import as_file, files
from textwrap import shorten, wrap

from chalicelib.core.language import language_of
from chalicelib.pages.render import render
from chalicelib.petitions.model import Petition

FONT = "NotoSans[wdth,wght].ttf"
# Font size in pixels, characters a line, and lines: the first that holds the title. All end above the count.
SIZES = ((62, 32, 4), (46, 44, 6), (38, 54, 7))
# Characters of the smaller lines.
WIDTH = 62


def card_of(petition: Petition, count: int | None, language: str) -> bytes:
    """Return the PNG for link previews (og:image) in the language with this code. `count`: None if unavailable."""
    # Imported here, because no other request needs it.
    from resvg_py import svg_to_bytes

    size, lines = _lines(petition.title)
    to = language_of(language).text("A petition to %(target)s") % {"target": petition.target}
    svg = render(
        "card.svg",
        language,
        base="",
        site_url="",
        size=size,
        lines=lines,
        to=shorten(to, WIDTH, placeholder="…"),
        charity=shorten(petition.charity, WIDTH, placeholder="…"),
        count=count,
        goal=petition.goal_at(count or 0),
    )
    with as_file(files("fontpkg_noto_sans") / "files" / FONT) as font:
        return svg_to_bytes(svg_string=svg, font_files=[str(font)], skip_system_fonts=True, font_family="Noto Sans")


def _lines(title: str) -> tuple[int, list[str]]:
    """Return the font's size and the lines of the title, cut if there are too many."""
    for size, characters, most in SIZES:
        lines = wrap(title, characters)
        if len(lines) <= most:
            return size, lines
    return size, [*lines[: most - 1], shorten(" ".join(lines[most - 1 :]), characters, placeholder="…")]
