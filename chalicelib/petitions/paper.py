"""For the street: a poster with the QR code, and a sheet on which people sign with a pen."""

from datetime import datetime
from io import BytesIO
from textwrap import shorten
from typing import TYPE_CHECKING, Literal

from chalicelib.core.language import language_of, translatable
from chalicelib.pages.pdf import MARGIN, add_text, empty_sheet
from chalicelib.petitions.model import Petition

if TYPE_CHECKING:
    from fpdf import FPDF
    from segno import QRCode

ROWS, ROW_HEIGHT = 15, 11
COLUMNS = (45, 50, 40, 35)  # Millimetres, as all lengths here.
POSTER_CODE, SHEET_CODE = 110, 26
CONTROLLER = translatable("%(charity)s is the controller of your details. Email %(contact)s about them.")
COUNTED_APART = translatable("Signatures on paper are counted apart from those on the website. Please sign only once.")
TITLES = (
    translatable("Your name"),
    translatable("Address or postcode"),
    translatable("Email (optional)"),
    translatable("Signature"),
)
MAX_CHARITY_LENGTH = 65  # In one line or two, above the margin.
LONG_TITLE = 90  # Characters: a longer title is printed smaller.


def poster(petition: Petition, address: str, language: str, now: datetime) -> bytes:
    """`address`: with a source, for the code. People who type it do so without the source."""
    text = language_of(language).text
    pdf = empty_sheet(petition.title, now)
    pdf.set_font_size(16)
    add_text(pdf, text("A petition to %(target)s") % {"target": petition.target}, 8, "C")
    pdf.ln(4)
    is_long = len(petition.title) > LONG_TITLE
    pdf.set_font_size(22 if is_long else 32)
    add_text(pdf, petition.title, 10 if is_long else 14, "C")
    pdf.set_y(max(pdf.get_y() + 4, 100))
    _add_code(pdf, address, (pdf.w - POSTER_CODE) / 2, POSTER_CODE)
    pdf.set_y(pdf.get_y() + POSTER_CODE + 4)
    pdf.set_font_size(20)
    add_text(pdf, text("Sign this petition"), 10, "C")
    pdf.set_font_size(14)
    add_text(pdf, address.partition("?")[0].partition("://")[2], 7, "C")
    pdf.set_y(-MARGIN - 7)
    add_text(pdf, shorten(petition.charity, MAX_CHARITY_LENGTH, placeholder="…"), 7, "C")
    return bytes(pdf.output())


def sheet(petition: Petition, address: str, language: str, now: datetime) -> bytes:
    text = language_of(language).text
    pdf = empty_sheet(petition.title, now)
    pdf.set_right_margin(MARGIN + SHEET_CODE + 2)  # The code is beside the title.
    _add_code(pdf, address, pdf.w - MARGIN - SHEET_CODE, SHEET_CODE)
    pdf.set_font_size(10)
    add_text(pdf, text("A petition to %(target)s") % {"target": petition.target})
    pdf.set_font_size(14 if len(petition.title) <= LONG_TITLE else 11)
    add_text(pdf, petition.title, 6)
    pdf.set_y(max(pdf.get_y(), MARGIN + SHEET_CODE) + 2)
    pdf.set_right_margin(MARGIN)
    pdf.set_font_size(9)
    add_text(pdf, " ".join(petition.sign_wording.split()), 4)
    pdf.ln(2)
    _add_row(pdf, [text(title) for title in TITLES], 6)
    for _ in range(ROWS):
        _add_row(pdf, [""] * len(COLUMNS), ROW_HEIGHT)
    pdf.ln(3)
    add_text(pdf, text(CONTROLLER) % {"charity": petition.charity, "contact": petition.privacy_contact}, 4)
    add_text(pdf, text(COUNTED_APART), 4)
    return bytes(pdf.output())


def _add_row(pdf: "FPDF", cells: list[str], height: float) -> None:
    for width, text in zip(COLUMNS, cells, strict=True):
        pdf.cell(width, height, text, border=1)
    pdf.ln(height)


def _add_code(pdf: "FPDF", address: str, x: float, width: float) -> None:
    """Draw each dark module as a square. The page is white, so the code needs no border of its own."""
    matrix, top = _code(address).matrix, pdf.get_y()
    side = width / len(matrix)
    pdf.set_fill_color(0)
    for row, modules in enumerate(matrix):
        for column, is_dark in enumerate(modules):
            if is_dark:
                pdf.rect(x + column * side, top + row * side, side, side, style="F")


PNG_PIXELS_A_MODULE = 32  # The smallest code has 21 modules and a quiet zone of 4 on each side: 928 pixels or more.


def qr_of(address: str, kind: Literal["svg", "png"]) -> bytes:
    """Return a black and white picture."""
    picture = BytesIO()
    _code(address).save(picture, kind=kind, scale=PNG_PIXELS_A_MODULE if kind == "png" else 8, border=4, light="white")
    return picture.getvalue()


def _code(address: str) -> "QRCode":
    """Return a code of level M: about 15 % of it may be damaged (ISO/IEC 18004)."""
    # Imported here, because only requests for a code need this package.
    from segno import make_qr

    return make_qr(address, error="m")
