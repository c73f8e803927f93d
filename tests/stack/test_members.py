"""The charity's table of members of parliament becomes the file that ships, or the build stops with a reason."""

from pathlib import Path

import pytest

from chalicelib.petitions import constituency_table
from chalicelib.petitions.members import MemberOfParliament, pack, unpack
from stack import constituencies
from stack.attach import deploy_to_emulator
from stack.console import Failure
from stack.emulator import emulator
from stack.manage import issue_token
from stack.members import NAME_IN_ZIP, members_file, table_path
from stack.package import Package, contents_of, write_zip
from tests.actors import ALICE, json_of
from tests.letters.lettering import LETTER
from tests.located import TABLE as POSTCODES_OF_TEST
from tests.petitions.test_members import MP
from tests.site import a_draft
from tests.stack.powers import visitor
from tests.stack.supporter import EMAIL_SECONDS, post_json, wait_for

POSTCODES = "postcode,constituency\nZZ1 1AA,Upper Zed\nZZ99 9ZZ,Lower Zed\n"
HEADER = "constituency,name,email\n"
PALACE_MP = MemberOfParliament("Zed Palace", "Zoe Palace MP", "zoe.palace@parliament.example")
LETTER_SLUG = "write-to-your-mp"
UPPER_ZED_ROW = "Upper Zed,Una Upper MP,una.upper@parliament.example\n"


def write_tables(project: Path, members: str, encoding: str = "utf-8") -> None:
    constituencies.table_path(project).write_text(POSTCODES, encoding="utf-8")
    table_path(project).write_text(members, encoding=encoding)


def test_without_a_table_nothing_ships(project: Path) -> None:
    assert list(members_file(project)) == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_other_columns_and_vacant_seats_are_left_out(project: Path, encoding: str) -> None:
    rows = ["party,constituency,name,email", "Z,Upper Zed, Una Upper MP ,una.upper@parliament.example", ",Lower Zed,,"]
    write_tables(project, "\n".join(rows), encoding)
    [(name, content)] = members_file(project)
    assert name == NAME_IN_ZIP
    assert unpack(content) == {
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
    members = unpack(contents[NAME_IN_ZIP])
    assert members["Upper Zed"].name == "Una Upper MP"


@pytest.mark.stack
@pytest.mark.xdist_group("places")
def test_a_deployed_table_addresses_a_confirmed_letter(
    local_package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive, members = tmp_path / "deployment.zip", {PALACE_MP.constituency: PALACE_MP}
    postcodes = constituency_table.pack(POSTCODES_OF_TEST)
    tables = [(constituencies.NAME_IN_ZIP, postcodes), (NAME_IN_ZIP, pack(members))]
    write_zip(archive, tables, base=local_package.archive)
    monkeypatch.setattr("stack.attach.package", lambda *_: Package(local_package.template, archive))
    with emulator() as running_emulator:
        stack = deploy_to_emulator(running_emulator.endpoint)
        supporter, token = visitor(stack), issue_token(stack)
        staff = {"Authorization": f"Bearer {token}"}
        draft = a_draft(LETTER_SLUG, letter=LETTER | {"targets": [MP]})
        petitions = f"{stack.api}/api/staff/petitions"
        post_json(petitions, draft, staff)
        post_json(f"{petitions}/{LETTER_SLUG}/state", {"state": "open"}, {**staff, "If-Match": "*"})
        signature = json_of(postcode="SW1A 1AA", letter={"send": True})
        post_json(f"{stack.api}/api/petitions/{LETTER_SLUG}/signatures", signature)
        supporter.press("confirm", supporter.link("confirm", ALICE.email))
        [letter] = wait_for(lambda: supporter.mails_to(PALACE_MP.email), EMAIL_SECONDS)
        assert letter["text"].startswith(f"Dear {PALACE_MP.name},")
        [target] = supporter.read(f"/api/staff/petitions/{LETTER_SLUG}/letters", token)["targets"]
        assert (target["key"], target["requested"]) == ("my-mp", 1)
