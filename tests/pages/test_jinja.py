"""The filters and the escaping that every template relies on."""

import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from chalicelib.core.language import language_of
from chalicelib.pages.jinja import environment, paragraphs


def test_only_text_templates_are_not_escaped(tmp_path: Path) -> None:
    for name in ("page.html", "body.txt"):
        (tmp_path / name).write_text("{{ word }}")
    templates = environment(tmp_path)
    assert templates.get_template("page.html").render(word="<b>") == "&lt;b&gt;"
    assert templates.get_template("body.txt").render(word="<b>") == "<b>"


def test_text_is_split_at_blank_lines_only() -> None:
    assert paragraphs("One\nstill one.\r\n \r\nTwo.\n\n\n\nThree.\n") == ["One\nstill one.", "Two.", "Three."]


def test_numbers_and_dates_are_formatted_for_readers() -> None:
    late = datetime(2026, 11, 24, 23, 30, tzinfo=timezone(timedelta(hours=-2)))
    english = language_of("en")
    assert (english.thousands(12345), english.thousands(999)) == ("12,345", "999")
    assert english.date(datetime(2026, 11, 4, tzinfo=UTC)) == "4 November 2026"
    assert english.moment(late) == "25 November 2026 at 01:30 UTC"


def test_welsh_has_its_own_months_and_plurals(tmp_path: Path) -> None:
    count = (
        "{% trans count=n, number=n|thousands %}<strong>{{ number }}</strong> signature"
        "{% pluralize %}<strong>{{ number }}</strong> signatures{% endtrans %}"
    )
    (tmp_path / "page.txt").write_text("{{ day | date }}{% for n in (1, 2, 3, 1234) %}, " + count + "{% endfor %}")
    page = environment(tmp_path, language=language_of("cy")).get_template("page.txt")
    expected = "4 Tachwedd 2026, 1 llofnod, 2 lofnod, 3 llofnod, 1,234 o lofnodion"
    assert re.sub("</?strong>", "", page.render(day=datetime(2026, 11, 4, tzinfo=UTC))) == expected
