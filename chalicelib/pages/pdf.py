"""Sheets of paper as PDF, A4.

The font has Latin, Greek and Cyrillic characters only. fpdf is large, so it is imported only when a sheet is made.
"""

import re
import warnings
from collections.abc import Container
from datetime import datetime
from importlib.resources import as_file, files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fpdf import FPDF

FONT = "NotoSans[wdth,wght].ttf"
MARGIN, LINE_HEIGHT = 20, 5  # Millimetres.
# Scripts from Hebrew to Vedic: written from right to left, or with characters that change with their neighbours.
NEEDS_SHAPING = range(0x0590, 0x1D00)
OMITTED = "[…]"
# Characters that cannot be printed (each replaced by "\0"), with the spaces around and between them.
_OMITTED_RUN = re.compile(r"\s*\0[\s\0]*")


def empty_sheet(title: str, made_at: datetime) -> "FPDF":
    """Return a document of one page. The title is not printed: PDF readers show it in the window's bar."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # fpdf warns that Pillow is missing. Only pictures need Pillow.
        from fpdf import FPDF

    pdf = FPDF(format="A4")
    pdf.set_margin(MARGIN)
    pdf.set_auto_page_break(False)
    pdf.set_creation_date(made_at)
    pdf.set_title(title)
    with as_file(files("fontpkg_noto_sans") / "files" / FONT) as font:
        pdf.add_font("sheet", fname=str(font))
    pdf.set_font("sheet")
    pdf.add_page()
    return pdf


def add_text(pdf: "FPDF", text: str, height: float = LINE_HEIGHT, align: str = "L") -> None:
    supported: Container[int] = pdf.fonts["sheet"].cmap  # type: ignore[union-attr]
    pdf.multi_cell(0, height, printable(text, supported), align=align, new_x="LMARGIN", new_y="NEXT")


def printable(text: str, supported: Container[int]) -> str:
    """Put OMITTED in place of each sequence of characters that cannot be printed correctly."""
    marked = "".join(_itself_or_mark(character, supported) for character in text)
    if "\0" not in marked:
        return marked
    return _OMITTED_RUN.sub(f" {OMITTED} ", marked).strip()


def _itself_or_mark(character: str, supported: Container[int]) -> str:
    """Return the mark "\\0" if the font lacks the character or only a text shaper could print it."""
    code = ord(character)
    is_printable = code in supported and code not in NEEDS_SHAPING
    return character if is_printable else "\0"
