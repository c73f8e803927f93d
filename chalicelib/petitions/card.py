"""The card: a picture with the petition's title and count, which other sites show with a link to the petition.

Most other sites accept no SVG, so `card_of` converts it to a PNG of 1200 x 630 pixels, which takes 50 ms.
"""

from importlib.resources import as_file, files
from textwrap import shorten, wrap

from chalicelib.core.language import language_of
from chalicelib.pages.render import render
from chalicelib.petitions.model import Petition

FONT = "NotoSans[wdth,wght].ttf"
# For the title: font size in pixels, characters a line, and the most lines. The first that holds the title is used.
SIZES = ((62, 32, 4), (46, 44, 6), (38, 54, 7))
MAX_SMALL_LINE_LENGTH = 62


def card_of(petition: Petition, count: int | None, language: str) -> bytes:
    # Imported here, because only requests for a card need this package.
    from resvg_py import svg_to_bytes

    size, lines = _size_and_lines(petition.title)
    addressed_to = language_of(language).text("A petition to %(target)s") % {"target": petition.target}
    svg = render(
        "card.svg",
        language,
        base="",  # The picture has no links, so it needs neither the prefix of our paths nor the site's URL.
        site_url="",
        size=size,
        lines=lines,
        to=shorten(addressed_to, MAX_SMALL_LINE_LENGTH, placeholder="…"),
        charity=shorten(petition.charity, MAX_SMALL_LINE_LENGTH, placeholder="…"),
        count=count,
        goal=petition.goal_at(count or 0),
    )
    with as_file(files("fontpkg_noto_sans") / "files" / FONT) as font:
        return svg_to_bytes(svg_string=svg, font_files=[str(font)], skip_system_fonts=True, font_family="Noto Sans")


def _size_and_lines(title: str) -> tuple[int, list[str]]:
    for size, characters, most_lines in SIZES:
        lines = wrap(title, characters)
        if len(lines) <= most_lines:
            return size, lines
    # The title is too long for each entry of SIZES, so the last one is used.
    full_lines, rest = lines[: most_lines - 1], lines[most_lines - 1 :]
    last_line = shorten(" ".join(rest), characters, placeholder="…")
    return size, [*full_lines, last_line]
