"""The charity's table of members of parliament becomes the file that ships, or the build stops with a reason."""

from pathlib import Path

import pytest

from chalicelib.petitions.constituency_table import MemberOfParliament, unpack_members
from stack import constituencies
from stack.console import Failure
from stack.members import NAME_IN_ZIP, members_file, table_path
from stack.package import contents_of

POSTCODES = "postcode,constituency\nZZ1 1AA,Upper Zed\nZZ99 9ZZ,Lower Zed\n"
HEADER = "constituency,name,email\n"
UPPER_ZED_ROW = "Upper Zed,Una Upper MP,una.upper@parliament.example\n"


def write_tables(project: Path, members: str, encoding: str = "utf-8") -> None:
    constituencies.table_path(project).write_text(POSTCODES, encoding="utf-8")
    table_path(project).write_text(members, encoding=encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_other_columns_and_vacant_seats_are_left_out(project: Path, encoding: str) -> None:
    rows = ["party,constituency,name,email", "Z,Upper Zed, Una Upper MP ,una.upper@parliament.example", ",Lower Zed,,"]
    write_tables(project, "\n".join(rows), encoding)
    [(name, content)] = members_file(project)
    assert name == NAME_IN_ZIP
    assert unpack_members(content) == {
        "Upper Zed": MemberOfParliament("Upper Zed", "Una Upper MP", "una.upper@parliament.example")
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("constituency,name\nUpper Zed,Una\n", "no column is called email"),
        ("", "no column is called constituency"),
        (HEADER, "no row has a member"),
        (f"{HEADER}Lower Zed,,\n", "no row has a member"),
        (f"{HEADER}{UPPER_ZED_ROW}{UPPER_ZED_ROW}", "line 3: Upper Zed is there twice"),
        (f"{HEADER}Uper Zed,Una,una@parliament.example\n", "line 2: .*no constituency called 'Uper Zed'"),
        (f"{HEADER}Upper Zed,Una Upper,\n", "the email address of Upper Zed"),
        (f"{HEADER}Upper Zed,Una Upper\n", "the email address of Upper Zed"),
        (f"{HEADER}Upper Zed,Una Upper,una at parliament\n", "the email address of Upper Zed"),
        (f"{HEADER}Upper Zed,,una@parliament.example\n", "the name of Upper Zed"),
        (f"{HEADER}Upper Zed,Una,ûna@parliament.example\n", "the email address of Upper Zed"),
        (f'{HEADER}Upper Zed,"Una\nBcc: x",una@parliament.example\n', "cannot be printed"),
    ],
)
def test_an_invalid_table_stops_the_build_with_a_reason(project: Path, text: str, message: str) -> None:
    write_tables(project, text)
    with pytest.raises(Failure, match=message):
        list(members_file(project))


def test_a_table_of_members_needs_the_table_of_postcodes(project: Path) -> None:
    table_path(project).write_text(HEADER + UPPER_ZED_ROW)
    with pytest.raises(Failure, match=r"needs constituencies\.csv"):
        list(members_file(project))


def test_the_table_is_part_of_the_package(project: Path) -> None:
    (project / "app.py").write_text("")
    write_tables(project, HEADER + UPPER_ZED_ROW)
    contents = dict(contents_of(project))
    members = unpack_members(contents[NAME_IN_ZIP])
    assert members["Upper Zed"].name == "Una Upper MP"
