"""The filters, and what every template may rely on."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from chalicelib.pages.jinja import environment, human_date, human_moment, paragraphs, thousands


def test_only_text_templates_are_not_escaped(tmp_path: Path) -> None:
    for name in ("page.html", "body.txt"):
        (tmp_path / name).write_text("{{ word }}")
    made = environment(tmp_path)
    assert made.get_template("page.html").render(word="<b>") == "&lt;b&gt;"
    assert made.get_template("body.txt").render(word="<b>") == "<b>"


def test_text_is_split_at_blank_lines_only() -> None:
    assert paragraphs("One\nstill one.\r\n \r\nTwo.\n\n\n\nThree.\n") == ["One\nstill one.", "Two.", "Three."]


def test_numbers_and_dates_are_formatted_for_readers() -> None:
    late = datetime(2026, 11, 24, 23, 30, tzinfo=timezone(timedelta(hours=-2)))
    assert (thousands(12345), thousands(999)) == ("12,345", "999")
    assert human_date(datetime(2026, 11, 4, tzinfo=UTC)) == "4 November 2026"
    assert human_moment(late) == "25 November 2026 at 01:30 UTC"
