"""The cover sheet, read by an independent library."""

from collections import Counter
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from chalicelib.exports.cover import CoverFacts, cover_sheet
from chalicelib.exports.model import Totals
from chalicelib.pages.pdf import printable
from tests.actors import a_petition
from tests.exporting import a_result, an_export

FONT_CHARACTERS = range(0x20, 0x500)


def text_of(sheet: bytes) -> str:
    pages = PdfReader(BytesIO(sheet)).pages
    return " ".join("".join(f"{page.extract_text()} <page>" for page in pages).split())


def cover_facts(petition: dict[str, Any] | None = None, totals: Totals | None = None, **changes: Any) -> CoverFacts:
    signed_petition = a_petition(**(petition or {}))
    sums = totals or Totals(rows=2, countries=Counter(GB=2), versions=Counter({signed_petition.text_version: 2}))
    export_fields, result_fields = {}, {}
    for name, value in changes.items():
        if name in ("expected", "recipient", "columns"):
            export_fields[name] = value
        else:
            result_fields[name] = value
    export = an_export(**export_fields, totals=sums)
    return CoverFacts(signed_petition, export, a_result(rows=sums.rows, **result_fields))


def test_the_sheet_names_petition_target_count_moment_and_file() -> None:
    facts = cover_facts(size=1234)
    text = text_of(cover_sheet(facts))
    for expected in (
        *(
            "Keep trafficked children safe",
            "the Home Secretary",
            "Harbour for Children",
            "24 November 2026, 12:00:00 UTC",
        ),
        *("We ask for specialist support.", "We ask for it now.", "privacy@harbour.example"),
        *(facts.petition.text_version, "United Kingdom: 2", "ab" * 16, "1,234 bytes", "exactly"),
        f"{facts.export.job_id}.csv",
    ):
        assert expected in text
    assert text.count("<page>") == 1


def test_the_sheet_names_what_was_removed_and_put_back() -> None:
    removal = {"id": "1", "count": 3, "on": "2026-05-03", "reason": "One network"}
    undone = {"id": "2", "count": 0, "on": "2026-05-04", "reason": "One domain", "put_back": 1_204}
    text = text_of(cover_sheet(cover_facts({"removals": [removal, undone | {"put_back_on": "2026-05-05"}]})))
    assert "3 signatures were removed on 3 May 2026: One network. 1,204 signatures were removed on 4 May 2026" in text
    assert "One domain (put back on 5 May 2026: 1,204)" in text


def test_a_difference_between_rows_and_count_is_explained() -> None:
    fewer = text_of(cover_sheet(cover_facts(expected=5, gone=3)))
    assert "3 fewer signatures than the count" in fewer
    assert "withdrew afterwards (3 at most)" in fewer
    more = text_of(cover_sheet(cover_facts(expected=1, unsure=1)))
    assert "1 more signatures than the count" in more


def test_signatures_of_an_earlier_text_are_counted_separately() -> None:
    versions = Counter({a_petition().text_version: 1, "0123456789ab": 1})
    totals = Totals(rows=2, versions=versions, countries=Counter(FR=2))
    text = text_of(cover_sheet(cover_facts(totals=totals)))
    assert f"{a_petition().text_version} (current). Signatures by version:" in text
    assert "0123456789ab: 1" in text


def test_the_facts_are_on_one_page_and_a_long_text_continues_on_others() -> None:
    long = "Wörter " * 28
    countries = {f"X{number}": number for number in range(24)}
    versions = {f"{number:012}": number for number in range(24)}
    totals = Totals(rows=300, countries=Counter(countries), versions=Counter(versions))
    texts = {"title": long, "target": long, "charity": long, "text": "A long text.\n\n" * 100 + "The end."}
    facts = cover_facts(texts, totals, recipient="age1" + "q" * 58, expected=1)
    first, *others = text_of(cover_sheet(facts)).split("<page>")
    assert "others: " in first
    assert "300" in first
    assert "ab" * 16 in first
    assert "The end." in " ".join(others)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Żółć, Κύπρος, Київ", "Żółć, Κύπρος, Київ"),
        ("עברית", "[…]"),
        ("हिन्दी and 中文 too", "[…] and […] too"),
        ("end 中", "end […]"),
        ("", ""),
    ],
)
def test_characters_that_the_font_cannot_show_are_replaced_by_a_mark(text: str, shown: str) -> None:
    assert printable(text, FONT_CHARACTERS) == shown


def test_the_same_facts_make_the_same_sheet() -> None:
    assert cover_sheet(cover_facts()) == cover_sheet(cover_facts())


def test_the_sheet_shows_the_petitions_text_without_its_markup() -> None:
    marked = {"text": "We ask for **specialist** support. See [the report](https://charity.example/report)."}
    text = text_of(cover_sheet(cover_facts(marked)))
    assert "specialist support" in text
    assert "**" not in text
    assert "[the report]" not in text
