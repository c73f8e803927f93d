"""Postcodes and their constituencies: from the charity's table to the file that ships, when there is a table.

`.chalice/constituencies.csv`, with a header line. Read are the first column that is called `postcode`, `pcds`, `pcd` or
`pcd2`, and the first called `constituency` or `pcon…`; so a table of the Office for National Statistics fits as it is.
"""

import csv
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from chalicelib.projections import constituency_table
from stack.console import Failure
from stack.paths import ROOT

TARGET = constituency_table.FILE.relative_to(ROOT).as_posix()
_POSTCODE = re.compile(r"postcode|pcds|pcd2?", re.IGNORECASE)
_CONSTITUENCY = re.compile(r"constituency|pcon\w*", re.IGNORECASE)
# The counter of a constituency is called by its name; a sentence would make the item dear.
_LONGEST = 60


def table(project: Path) -> Path:
    """Whether or not it is there."""
    return project / ".chalice" / "constituencies.csv"


def constituency_file(project: Path) -> Iterator[tuple[str, bytes]]:
    """Where it goes in the zip, and what is in it; nothing without a table. Raise Failure where that makes no sense."""
    path = table(project)
    if path.exists():
        try:
            yield TARGET, constituency_table.packed(read_table(path))
        except ValueError as error:
            raise Failure(f"{path.name}: {error}") from error


def read_table(path: Path) -> dict[str, str]:
    """Constituency by postcode; rows that name none are left out. Raise ValueError."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        postcode, constituency = (_column(rows.fieldnames or (), called) for called in (_POSTCODE, _CONSTITUENCY))
        found = {row[postcode].strip(): (row[constituency] or "").strip() for row in rows}
    named = {code: name for code, name in found.items() if name}
    _check(named.values())
    return named


def _column(names: Sequence[str], called: re.Pattern[str]) -> str:
    for name in names:
        if called.fullmatch(name.strip()):
            return name
    raise ValueError(f"no column is called like {called.pattern}")


def _check(names: Collection[str]) -> None:
    if not names:
        raise ValueError("no row names a constituency")
    too_long = max(names, key=len)
    if len(too_long) > _LONGEST:
        raise ValueError(f"a constituency has at most {_LONGEST} characters: {too_long[:_LONGEST]}…")
