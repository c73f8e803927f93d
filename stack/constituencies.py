"""Turn the charity's tables into the files that the Lambda zip contains. All are optional.

`.chalice/constituencies.csv` has the constituency of each postcode. We read the first column called `postcode`, `pcds`,
`pcd` or `pcd2`, and the first column called `constituency` or with a name that begins with `pcon`. So a table of the
Office for National Statistics can be used unchanged.

`.chalice/members.csv` has the columns `constituency`, `name` and `email`: the members of parliament. It needs the other
table, with the same names of constituencies.

`.chalice/constituencies.hexjson` has the place of each constituency on a map of hexagons.
"""

import csv
import json
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from chalicelib.petitions import constituency_table
from chalicelib.petitions.constituency_table import MAX_NAME_LENGTH, MemberOfParliament
from chalicelib.petitions.text import Line, SesAddress
from stack.console import Failure
from stack.paths import ROOT

SOURCES = ("constituencies.csv", "members.csv", "constituencies.hexjson")
NAME_IN_ZIP = constituency_table.FILE.relative_to(ROOT).as_posix()
LAYOUT_IN_ZIP = constituency_table.LAYOUT_FILE.relative_to(ROOT).as_posix()
MEMBERS_IN_ZIP = constituency_table.MEMBERS_FILE.relative_to(ROOT).as_posix()
_POSTCODES = {"postcode": "postcode|pcds|pcd2?", "constituency": r"constituency|pcon\w*"}
_MEMBERS = {name: name for name in ("constituency", "name", "email")}


class _Person(BaseModel):
    name: Line
    email: SesAddress


class _Hex(BaseModel):
    n: str = ""
    q: int
    r: int


class _Layout(BaseModel):
    layout: Literal["odd-r", "even-r", "odd-q", "even-q"]
    hexes: dict[str, _Hex]


def constituency_files(project: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the name in the zip and the content of each file that the charity has a table for.

    Raise Failure for an invalid table.
    """
    by_postcode: dict[str, str] = {}
    table, members, layout = (project / ".chalice" / name for name in SOURCES)
    path = table
    try:
        if table.exists():
            by_postcode = _read_constituencies(table)
            yield NAME_IN_ZIP, constituency_table.pack(by_postcode)
        if (path := members).exists():
            yield MEMBERS_IN_ZIP, constituency_table.pack_members(_read_members(members, set(by_postcode.values())))
        if (path := layout).exists():
            yield LAYOUT_IN_ZIP, json.dumps(_read_layout(layout)).encode()
    except ValueError as error:
        raise Failure(f"{path.name}: {error}") from error


def _read_constituencies(path: Path) -> dict[str, str]:
    """Return each postcode's constituency. Leave out rows without a postcode or a constituency."""
    rows = [row for _, row in _rows(path, _POSTCODES) if row["postcode"] and row["constituency"]]
    if not rows:
        raise ValueError("no row has a constituency")
    longest = max((row["constituency"] for row in rows), key=len)
    if len(longest) > MAX_NAME_LENGTH:
        raise ValueError(f"a constituency's name has at most {MAX_NAME_LENGTH} characters: {longest}")
    return {row["postcode"]: row["constituency"] for row in rows}


def _read_layout(path: Path) -> dict[str, Any]:
    """Return the places and names of the hexagons of a HexJSON file: open-innovations.org/projects/hexmaps/hexjson."""
    try:
        found = _Layout.model_validate_json(path.read_text(encoding="utf-8-sig"))
    except ValidationError as error:
        raise ValueError(f"not HexJSON: {error}") from error
    hexes = [{"key": key, "name": each.n or key, "q": each.q, "r": each.r} for key, each in found.hexes.items()]
    return {"layout": found.layout, "hexes": hexes}


def _read_members(path: Path, known: Collection[str]) -> dict[str, MemberOfParliament]:
    """Return each constituency's member. Leave out rows without name and email, which are vacant seats.

    `known`: the constituencies in the table of postcodes.
    """
    members: dict[str, MemberOfParliament] = {}
    for line, row in _rows(path, _MEMBERS):
        member = MemberOfParliament(**row)
        if member.name or member.email:
            if problem := _problem(member, members, known):
                raise ValueError(f"line {line}: {problem}")
            members[member.constituency] = member
    if not members:
        raise ValueError("no row has a member")
    return members


def _problem(member: MemberOfParliament, seen: Collection[str], known: Collection[str]) -> str:
    """Return "" if the row is right."""
    if member.constituency not in known:
        return f"constituencies.csv has no constituency called {member.constituency[:60]!r}"
    if member.constituency in seen:
        return f"{member.constituency} is there twice"
    try:
        _Person(name=member.name, email=member.email)
    except ValidationError as error:
        return f"the {error.errors()[0]['loc'][0]} of {member.constituency} is missing or wrong"
    # A line break in a name would begin another header of an email.
    return "" if member.name.isprintable() else f"the name of {member.constituency} cannot be printed"


def _rows(path: Path, patterns: dict[str, str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the number of each line and its cells by the names of `patterns`, which match the table's columns."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        columns = {name: _column(rows.fieldnames or (), pattern) for name, pattern in patterns.items()}
        for row in rows:
            # A cell is None if the row is too short.
            yield rows.line_num, {name: (row[column] or "").strip() for name, column in columns.items()}


def _column(names: Sequence[str], pattern: str) -> str:
    for name in names:
        if re.fullmatch(pattern, name.strip(), re.IGNORECASE):
            return name
    raise ValueError(f"no column name matches {pattern}")
