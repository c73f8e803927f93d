"""Turn the charity's table of members of parliament into the file that the Lambda zip contains.

The table is optional. It is `.chalice/members.csv`, with a header line and the columns `constituency`, `name` and
`email`. If there is a table of members, there must also be a table of postcodes (`stack.constituencies`). Both tables
must use the same names of constituencies.
"""

import csv
from collections.abc import Collection, Iterator
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from chalicelib.petitions import constituency_table
from chalicelib.petitions.constituency_table import MemberOfParliament
from chalicelib.petitions.text import Line, SesAddress
from stack import constituencies
from stack.console import Failure
from stack.paths import ROOT

NAME_IN_ZIP = constituency_table.MEMBERS_FILE.relative_to(ROOT).as_posix()
COLUMNS = ("constituency", "name", "email")
_NAME, _EMAIL = TypeAdapter[str](Line), TypeAdapter[str](SesAddress)


def table_path(project: Path) -> Path:
    """Return the path of the charity's table. Perhaps there is no such file."""
    return project / ".chalice" / "members.csv"


def members_file(project: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the name in the zip and the content of the file. Yield nothing if the charity has no table.

    Raise Failure if the table is invalid, or if there is no table of postcodes.
    """
    path = table_path(project)
    postcodes = constituencies.table_path(project)
    if not path.exists():
        return
    if not postcodes.exists():
        raise Failure(f"{path.name} needs {postcodes.name}: without it, nobody's constituency is known")
    try:
        known = set(constituencies.read_table(postcodes).values())
        yield NAME_IN_ZIP, constituency_table.pack_members(read_table(path, known))
    except ValueError as error:
        raise Failure(f"{path.name}: {error}") from error


def read_table(path: Path, known: Collection[str]) -> dict[str, MemberOfParliament]:
    """Return each constituency's member. Leave out rows without name and email, which are vacant seats.

    `known`: the constituencies in the table of postcodes. Raise ValueError if a column is missing, a member is invalid
    or the table has no member.
    """
    member_by_constituency: dict[str, MemberOfParliament] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        header = rows.fieldnames or ()
        for column in COLUMNS:
            if column not in header:
                raise ValueError(f"no column is called {column}")
        for row in rows:
            # A cell is None if the row is too short.
            cells = {column: (row[column] or "").strip() for column in COLUMNS}
            member = MemberOfParliament(**cells)
            if not member.name and not member.email:
                continue
            try:
                _check_member(member, member_by_constituency, known)
            except ValueError as error:
                raise ValueError(f"line {rows.line_num}: {error}") from error
            member_by_constituency[member.constituency] = member
    if not member_by_constituency:
        raise ValueError("no row has a member")
    return member_by_constituency


def _check_member(member: MemberOfParliament, seen: Collection[str], known: Collection[str]) -> None:
    """Raise ValueError if the member is invalid, or if `seen` has a member for the same constituency already.

    A name must be printable: a line break in a name would begin another header of an email.
    """
    if member.constituency not in known:
        raise ValueError(f"the table of postcodes has no constituency called {member.constituency[:60]!r}")
    if member.constituency in seen:
        raise ValueError(f"{member.constituency} is there twice")
    for adapter, value, label in ((_NAME, member.name, "name"), (_EMAIL, member.email, "email address")):
        try:
            adapter.validate_python(value)
        except ValidationError:
            raise ValueError(f"the {label} of {member.constituency} is missing or wrong") from None
    if not member.name.isprintable():
        raise ValueError(f"the name of {member.constituency} has characters that cannot be printed")
