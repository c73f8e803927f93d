"""The charity's tables of postcodes and of members of parliament, and its map, ship, or the build stops."""

import json
from pathlib import Path

import pytest

from chalicelib.petitions import constituency_table
from chalicelib.petitions.constituency_table import Constituencies, MemberOfParliament, unpack_members
from stack.console import Failure
from stack.constituencies import LAYOUT_IN_ZIP, MEMBERS_IN_ZIP, NAME_IN_ZIP, constituency_files
from stack.package import contents_of
from tests.actors import NOW, bobs_token
from tests.fake_site import FakeSite

POSTCODES = "postcode,constituency\nZZ1 1AA,Upper Zed\nZZ99 9ZZ,Lower Zed\n"
# The columns are those of the postcode directory of the Office for National Statistics. The rows are invented.
POSTCODE_DIRECTORY = (
    '"pcd","pcd2","pcds","dointr","oscty","pcon"\n'
    '"ZZ1 1AA","ZZ1  1AA","ZZ1 1AA","198001","E99999999","E14009991"\n'
    '"ZZ999ZZ","ZZ99 9ZZ","ZZ99 9ZZ","198001","E99999999","E14009992"\n'
    '"ZZ2 2ZZ","ZZ2  2ZZ","ZZ2 2ZZ","198001","L99999999",""\n'
)
HEADER = "constituency,name,email\n"
UPPER_ZED_ROW = "Upper Zed,Una Upper MP,una.upper@parliament.example\n"
OTHER_COLUMNS = "party,constituency,name,email\nZ,Upper Zed, Una Upper MP ,una.upper@parliament.example\n,Lower Zed,,\n"


def packed(project: Path, postcodes: str, members: str = "", encoding: str = "utf-8") -> dict[str, bytes]:
    (project / ".chalice" / "constituencies.csv").write_text(postcodes, encoding=encoding)
    if members:
        (project / ".chalice" / "members.csv").write_text(members, encoding=encoding)
    return dict(constituency_files(project))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_both_tables_are_part_of_the_package_without_other_columns_and_vacant_seats(
    project: Path, encoding: str
) -> None:
    (project / "app.py").write_text("")
    before = dict(contents_of(project))
    files = packed(project, POSTCODES, OTHER_COLUMNS, encoding)
    assert dict(contents_of(project)) == {**before, **files}
    assert Constituencies(files[NAME_IN_ZIP]).of("ZZ99 9ZZ") == "Lower Zed"
    una = MemberOfParliament("Upper Zed", "Una Upper MP", "una.upper@parliament.example")
    assert unpack_members(files[MEMBERS_IN_ZIP]) == {"Upper Zed": una}


def test_a_table_of_the_statistics_office_needs_no_change(project: Path) -> None:
    constituencies = Constituencies(packed(project, POSTCODE_DIRECTORY)[NAME_IN_ZIP])
    postcodes = ("ZZ1 1AA", "ZZ99 9ZZ", "ZZ2 2ZZ")
    assert [constituencies.of(postcode) for postcode in postcodes] == ["E14009991", "E14009992", None]


INVALID_POSTCODES = [
    ("post code,constituency\nZZ1 1AA,Upper Zed\n", "no column"),
    ("postcode,place\nZZ1 1AA,Upper Zed\n", "no column"),
    ("", "no column"),
    ("postcode,constituency\n", "no row"),
    ("postcode,constituency\nZZ1 1AA\n", "no row"),
    (f"postcode,constituency\nZZ1 1AA,{'Zed' * 30}\n", "at most 60"),
    ("postcode,constituency\nSomewhere,Upper Zed\n", "not a UK postcode"),
]
INVALID_MEMBERS = [
    ("constituency,name\nUpper Zed,Una\n", "no column name matches email"),
    ("\n", "no column name matches constituency"),
    (HEADER, "no row has a member"),
    (f"{HEADER}Lower Zed,,\n", "no row has a member"),
    (f"{HEADER}{UPPER_ZED_ROW}{UPPER_ZED_ROW}", "line 3: Upper Zed is there twice"),
    (f"{HEADER}Uper Zed,Una,una@parliament.example\n", "line 2: .*no constituency called 'Uper Zed'"),
    (f"{HEADER}Upper Zed,Una Upper,\n", "the email of Upper Zed"),
    (f"{HEADER}Upper Zed,Una Upper\n", "the email of Upper Zed"),
    (f"{HEADER}Upper Zed,Una Upper,una at parliament\n", "the email of Upper Zed"),
    (f"{HEADER}Upper Zed,,una@parliament.example\n", "the name of Upper Zed"),
    (f"{HEADER}Upper Zed,Una,ûna@parliament.example\n", "the email of Upper Zed"),
    (f'{HEADER}Upper Zed,"Una\nBcc: x",una@parliament.example\n', "cannot be printed"),
]


@pytest.mark.parametrize(
    ("file", "tables", "message"),
    [
        *(("constituencies", [text], message) for text, message in INVALID_POSTCODES),
        *(("members", [POSTCODES, text], message) for text, message in INVALID_MEMBERS),
    ],
)
def test_an_invalid_table_stops_the_build_with_a_reason(
    project: Path, file: str, tables: list[str], message: str
) -> None:
    with pytest.raises(Failure, match=rf"^{file}\.csv: .*{message}"):
        packed(project, *tables)


def test_a_table_of_members_needs_the_table_of_postcodes(project: Path) -> None:
    (project / ".chalice" / "members.csv").write_text(HEADER + UPPER_ZED_ROW)
    with pytest.raises(Failure, match=r"constituencies\.csv has no constituency called 'Upper Zed'"):
        list(constituency_files(project))


HEX = {"n": "Upper Zed", "q": 1, "r": -4, "region": "Zed"}
NO_LAYOUT = {"layout": "odd-r", "hexes": []}


def shown_layout(fake_site: FakeSite, file: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setattr(constituency_table, "LAYOUT_FILE", file)
    constituency_table.layout.cache_clear()
    token = f"Bearer {bobs_token(fake_site.tables, NOW)}"
    answer = fake_site.get("/api/staff/constituencies", authorization=token).json_body
    constituency_table.layout.cache_clear()
    return answer


def test_staff_read_the_places_and_names_of_the_file(
    project: Path, tmp_path: Path, fake_site: FakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    hexes = {"E1": HEX, "E2": {"q": 2, "r": 0}}
    (project / ".chalice" / "constituencies.hexjson").write_text(json.dumps({"layout": "even-q", "hexes": hexes}))
    [(name, content)] = constituency_files(project)
    assert name == LAYOUT_IN_ZIP
    file = tmp_path / "layout.json"
    file.write_bytes(content)
    assert shown_layout(fake_site, file, monkeypatch) == {
        "layout": "even-q",
        "hexes": [
            {"key": "E1", "name": "Upper Zed", "q": 1, "r": -4},
            {"key": "E2", "name": "E2", "q": 2, "r": 0},
        ],
    }


def test_without_a_file_there_is_no_map(
    project: Path, tmp_path: Path, fake_site: FakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert list(constituency_files(project)) == []
    assert shown_layout(fake_site, tmp_path / "layout.json", monkeypatch) == NO_LAYOUT


@pytest.mark.parametrize(
    "text",
    [
        "no JSON",
        "[]",
        '{"layout": "odd-r"}',
        '{"layout": "round", "hexes": {}}',
        '{"layout": "odd-r", "hexes": {"E1": {"q": 1}}}',
        '{"layout": "odd-r", "hexes": {"E1": {"q": "left", "r": 1}}}',
        '{"layout": "odd-r", "hexes": ["E1"]}',
    ],
)
def test_a_wrong_file_stops_the_build(project: Path, text: str) -> None:
    (project / ".chalice" / "constituencies.hexjson").write_text(text)
    with pytest.raises(Failure, match=r"constituencies\.hexjson: not HexJSON"):
        list(constituency_files(project))
