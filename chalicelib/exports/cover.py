"""The PDF cover sheet of an export: petition, number of signatures, time of the export, and digest of its file."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.core.language import countries
from chalicelib.exports.model import Export, Result, Totals
from chalicelib.pages.markdown import petition_plain
from chalicelib.pages.pdf import LINE_HEIGHT, MARGIN, add_text, empty_sheet
from chalicelib.petitions.model import Petition

if TYPE_CHECKING:
    from fpdf import FPDF

LABEL_WIDTH, GAP = 48, 2  # Millimetres, on A4.
MAX_BREAKDOWN_VALUES = 10
LOCKS = {
    "none": "not encrypted: anyone who has the file can read it",
    "passphrase": "a passphrase (ZIP, AES-256). 7-Zip and macOS open it",
}


@dataclass(frozen=True)
class CoverFacts:
    petition: Petition
    export: Export
    result: Result


def cover_sheet(facts: CoverFacts) -> bytes:
    pdf = empty_sheet(f"Signature export: {facts.export.job_id}", facts.result.finished_at)
    pdf.set_font_size(11)
    add_text(pdf, "Signatures exported by " + facts.petition.charity)
    pdf.set_font_size(20)
    add_text(pdf, facts.petition.title, height=9)
    pdf.ln(3 * GAP)
    pdf.set_font_size(10)
    for label, value in _rows(facts):
        _add_row(pdf, label, value)
    pdf.ln(GAP)
    add_text(pdf, _compare_rows_with_count(facts))
    _add_petition(pdf, facts.petition)
    return bytes(pdf.output())


def _add_petition(pdf: "FPDF", petition: Petition) -> None:
    """The text may be long, so it may continue on further pages."""
    pdf.set_auto_page_break(True, MARGIN)
    pdf.ln(3 * GAP)
    pdf.set_font_size(13)
    add_text(pdf, "The petition", height=7)
    pdf.set_font_size(10)
    add_text(pdf, petition_plain(petition.text))
    pdf.ln(GAP)
    add_text(pdf, f"Handed in by {petition.charity}. Questions about personal data: {petition.privacy_contact}")


def _moment(moment: datetime) -> str:
    return f"{moment:%-d %B %Y, %H:%M:%S} UTC"


def _rows(facts: CoverFacts) -> Iterable[tuple[str, str]]:
    export, result, petition = facts.export, facts.result, facts.petition
    yield "To", petition.target
    yield "Signatures", f"{result.rows:,}"
    yield "As of", _moment(export.moment)
    yield "Count at that moment", f"{export.count_at_moment:,}"
    if petition.removals:
        yield "Not genuine", ". ".join(removal.sentence for removal in petition.removals)
    yield "Text version", _versions(export.totals, petition)
    yield "By country", _breakdown(_by_country(export.totals))
    yield "File", f"{export.job_id}{export.extension} ({result.size:,} bytes)"
    yield "Columns", ", ".join(column.replace("_", " ") for column in export.columns)
    yield "Encrypted to", LOCKS.get(export.locked_with, export.locked_with)
    # At the space, the digest breaks into two lines.
    yield "SHA-256 of the file", f"{result.sha256[:32]} {result.sha256[32:]}"
    yield "Written", _moment(result.finished_at)


def _by_country(totals: Totals) -> Counter[str]:
    """By the country's name, or by its code if it has no name."""
    names = countries()
    return Counter({names.get(code, code): number for code, number in totals.countries.items()})


def _versions(totals: Totals, petition: Petition) -> str:
    earlier_versions = set(totals.versions) - {petition.text_version}
    if not earlier_versions:
        return petition.text_version
    return f"{petition.text_version} (current). Signatures by version: {_breakdown(totals.versions)}"


def _breakdown(counts: Counter[str]) -> str:
    shown = counts.most_common(MAX_BREAKDOWN_VALUES)
    sum_shown = sum(number for _, number in shown)
    rest = counts.total() - sum_shown
    parts = [f"{key}: {number:,}" for key, number in shown]
    if rest:
        parts.append(f"others: {rest:,}")
    return "; ".join(parts) or "none"


def _compare_rows_with_count(facts: CoverFacts) -> str:
    """Explain why the number of rows differs from the count at the export's moment, or say that both are the same.

    `gone` is the number of withdrawn signatures. Perhaps some were never confirmed, and so not counted.
    """
    result = facts.result
    excess = result.rows - facts.export.count_at_moment
    if not excess:
        return "The number of signatures in the file is exactly the count at that moment."
    if excess < 0:
        return (
            f"The file has {-excess:,} fewer signatures than the count at that moment. These people withdrew "
            f"afterwards ({result.gone:,} at most) or confirmed in the seconds after that moment. Withdrawn "
            "signatures are not exported."
        )
    return (
        f"The file has {excess:,} more signatures than the count at that moment. The count did not include "
        f"them yet: they are among the {result.unsure:,} confirmed in the seconds before that moment."
    )


def _add_row(pdf: "FPDF", label: str, value: str) -> None:
    pdf.set_text_color(90)  # Grey.
    pdf.cell(LABEL_WIDTH, LINE_HEIGHT, label)
    pdf.set_text_color(0)  # Black.
    add_text(pdf, value)
    pdf.ln(GAP)
