"""The engineer's files for `manage.py restore`: who withdrew or unsubscribed by the link in an email."""

from pathlib import Path

import pytest

from commands.withdrawn_since import ids_in_file

ONE, TWO = "0" * 31 + "1", "0" * 31 + "2"


@pytest.mark.parametrize(
    "text",
    [
        f"{ONE}\n{TWO}\n\n", f"{ONE} {TWO}", f"\ufeffsignature\r\n{ONE}\r\n{TWO}\r\n",
        f'"signature"\n"{ONE}"\n"{TWO}"\n',
        f'[[{{"field": "signature", "value": "{ONE}"}}], [{{"field": "signature", "value": "{TWO}"}}]]',
    ],
)  # fmt: skip
def test_ids_are_found_in_every_format_of_cloudwatch(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """An id that was not found would bring back a person who has withdrawn."""
    path = tmp_path / "ids"
    path.write_text(text, encoding="utf-8")
    assert ids_in_file(path) == {ONE, TWO}
    assert capsys.readouterr().out == f"signature ids in {path}: 2\n"
