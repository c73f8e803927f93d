"""The sheet of paper on top of a hand-over: what it is, how many, of what moment, and how to know the file again.

The font has Latin, Greek and Cyrillic signs. What is in other scripts is left out and said to be.
"""

import warnings
from collections import Counter
from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.core.countries import countries
from chalicelib.core.times import iso
from chalicelib.exports.model import Export, Part, Result
from chalicelib.petitions.model import Petition

if TYPE_CHECKING:
    from fpdf import FPDF

FONT = "NotoSans[wdth,wght].ttf"
MARGIN, LABEL, LINE, GAP = 20, 48, 5, 2  # Millimetres, on A4.
MOST_ROWS = 10
# Hebrew to Vedic: written from the right, or with signs that change with their neighbours, which needs a shaper.
NEEDS_SHAPING = range(0x0590, 0x1D00)
LEFT_OUT = "[…]"


@dataclass(frozen=True)
class Facts:
    """All that the sheet says."""

    petition: Petition
    export: Export
    result: Result
    total: Part


def cover_sheet(facts: Facts) -> bytes:
    """One page, as PDF."""
    pdf = _paper(facts)
    pdf.set_font_size(11)
    _text(pdf, "Signatures handed over by " + facts.petition.charity)
    pdf.set_font_size(20)
    _text(pdf, facts.petition.title, height=9)
    pdf.ln(3 * GAP)
    pdf.set_font_size(10)
    for label, value in _rows(facts):
        _row(pdf, label, value)
    pdf.ln(GAP)
    _text(pdf, _difference(facts))
    return bytes(pdf.output())


def printable(text: str, signs: Container[int]) -> str:
    """With a mark for every stretch that the font cannot show rightly."""
    shown = "".join(sign if ord(sign) in signs and ord(sign) not in NEEDS_SHAPING else "\0" for sign in text)
    pieces = [piece.strip() for piece in shown.split("\0")]
    return shown if len(pieces) == 1 else " ".join(_marked(pieces))


def _marked(pieces: list[str]) -> Iterable[str]:
    for number, piece in enumerate(pieces):
        if piece:
            yield piece
        if number < len(pieces) - 1 and (piece or number == 0):
            yield LEFT_OUT


def _paper(facts: Facts) -> "FPDF":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # That there is no Pillow, which is for pictures.
        from fpdf import FPDF
    from importlib.resources import as_file, files

    pdf = FPDF(format="A4")
    pdf.set_margin(MARGIN)
    pdf.set_auto_page_break(False)
    pdf.set_creation_date(facts.result.finished_at)
    pdf.set_title(f"Signatures handed over: {facts.export.export_id}")
    with as_file(files("fontpkg_noto_sans") / "files" / FONT) as font:
        pdf.add_font("sheet", fname=str(font))
    pdf.set_font("sheet")
    pdf.add_page()
    return pdf


def _rows(facts: Facts) -> Iterable[tuple[str, str]]:
    export, result, petition = facts.export, facts.result, facts.petition
    yield "To", petition.target
    yield "Signatures", f"{result.rows:,}"
    yield "As of", iso(export.moment)
    yield "Count at that moment", f"{export.counted:,}"
    yield "Text version", _versions(facts.total, petition)
    names = countries()
    yield "By country", _breakdown(Counter({names.get(key, key): n for key, n in facts.total.countries.items()}))
    yield "File", f"{export.export_id}{export.extension} ({result.size:,} bytes)"
    yield "Columns", ", ".join(export.columns)
    yield "Encrypted to", export.recipient or "nobody: the file can be read by whoever has it"
    yield "SHA-256 of the file", f"{result.sha256[:32]} {result.sha256[32:]}"
    yield "Written", iso(result.finished_at)


def _versions(total: Part, petition: Petition) -> str:
    """Who signed an earlier text signed that text, and this is to be seen."""
    counts = total.versions or Counter({petition.text_version: 0})
    if set(counts) == {petition.text_version}:
        return petition.text_version
    return f"{petition.text_version} at present; signed were {_breakdown(counts)}"


def _breakdown(counts: Counter[str]) -> str:
    shown = counts.most_common(MOST_ROWS)
    rest = counts.total() - sum(number for _, number in shown)
    parts = [f"{key}: {number:,}" for key, number in shown]
    return "; ".join([*parts, f"others: {rest:,}"] if rest else parts) or "none"


def _difference(facts: Facts) -> str:
    """Both numbers are told, and why they may differ."""
    result, off = facts.result, facts.result.rows - facts.export.counted
    if not off:
        return "The number of signatures in the file is the count at that moment, exactly."
    if off < 0:
        return (
            f"The file has {-off:,} fewer than the count at that moment: people who have withdrawn since "
            f"({result.gone:,} at most), or who confirmed in that same moment. Who withdraws is not handed over."
        )
    return f"The file has {off:,} more: of {result.unsure:,} confirmed seconds before, the count did not have them yet."


def _row(pdf: "FPDF", label: str, value: str) -> None:
    pdf.set_text_color(90)
    pdf.cell(LABEL, LINE, label)
    pdf.set_text_color(0)
    _text(pdf, value)
    pdf.ln(GAP)


def _text(pdf: "FPDF", text: str, height: float = LINE) -> None:
    signs: Container[int] = pdf.fonts["sheet"].cmap  # type: ignore[union-attr]
    pdf.multi_cell(0, height, printable(text, signs), align="L", new_x="LMARGIN", new_y="NEXT")
