"""The charity's table of postcodes becomes the file that ships."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.petitions.constituency_table import Constituencies
from stack.console import Failure
from stack.constituencies import NAME_IN_ZIP, constituency_file, table_path
from stack.package import contents_of

TWO_COLUMNS = "postcode,constituency\nZZ1 1AA,Upper Zed\nZZ99 9ZZ,Lower Zed\n"
# The columns are those of the postcode directory of the Office for National Statistics. The rows are invented.
POSTCODE_DIRECTORY = (
    '"pcd","pcd2","pcds","dointr","oscty","pcon"\n'
    '"ZZ1 1AA","ZZ1  1AA","ZZ1 1AA","198001","E99999999","E14009991"\n'
    '"ZZ999ZZ","ZZ99 9ZZ","ZZ99 9ZZ","198001","E99999999","E14009992"\n'
    '"ZZ2 2ZZ","ZZ2  2ZZ","ZZ2 2ZZ","198001","L99999999",""\n'
)


def write_and_pack(project: Path, text: str, encoding: str = "utf-8") -> Iterator[tuple[str, bytes]]:
    table_path(project).write_text(text, encoding=encoding)
    return constituency_file(project)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_table_of_two_columns_is_enough(project: Path, encoding: str) -> None:
    [(name, content)] = write_and_pack(project, TWO_COLUMNS, encoding)
    assert name == NAME_IN_ZIP
    assert Constituencies(content).of("ZZ99 9ZZ") == "Lower Zed"


def test_a_table_of_the_statistics_office_needs_no_change(project: Path) -> None:
    [(_, content)] = write_and_pack(project, POSTCODE_DIRECTORY)
    constituencies = Constituencies(content)
    postcodes = ("ZZ1 1AA", "ZZ99 9ZZ", "ZZ2 2ZZ")
    assert [constituencies.of(postcode) for postcode in postcodes] == ["E14009991", "E14009992", None]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("post code,constituency\nZZ1 1AA,Upper Zed\n", "no column"),
        ("postcode,place\nZZ1 1AA,Upper Zed\n", "no column"),
        ("", "no column"),
        ("postcode,constituency\n", "no row"),
        ("postcode,constituency\nZZ1 1AA\n", "no row"),
        (f"postcode,constituency\nZZ1 1AA,{'Zed' * 30}\n", "at most 60"),
        ("postcode,constituency\nSomewhere,Upper Zed\n", "not a UK postcode"),
    ],
)
def test_an_invalid_table_stops_the_build_with_a_reason(project: Path, text: str, message: str) -> None:
    with pytest.raises(Failure, match=message):
        list(write_and_pack(project, text))


def test_the_table_is_part_of_the_package(project: Path) -> None:
    (project / "app.py").write_text("")
    before = dict(contents_of(project))
    [(name, content)] = write_and_pack(project, TWO_COLUMNS)
    assert dict(contents_of(project)) == {**before, name: content}
