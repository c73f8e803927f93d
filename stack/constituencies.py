"""Turn the charity's table of postcodes and constituencies into the file that the Lambda zip contains.

The table is optional. It is `.chalice/constituencies.csv`, with a header line. We read the first column called
`postcode`, `pcds`, `pcd` or `pcd2`, and the first column called `constituency` or with a name that begins with `pcon`.
So a table of the Office for National Statistics can be used unchanged.
"""

import csv
import json
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from chalicelib.petitions import constituency_table
from chalicelib.petitions.constituency_table import MAX_NAME_LENGTH
from stack.console import Failure
from stack.paths import ROOT

NAME_IN_ZIP = constituency_table.FILE.relative_to(ROOT).as_posix()
LAYOUT_IN_ZIP = constituency_table.LAYOUT_FILE.relative_to(ROOT).as_posix()
LAYOUTS = ("odd-r", "even-r", "odd-q", "even-q")
_POSTCODE = re.compile(r"postcode|pcds|pcd2?", re.IGNORECASE)
_CONSTITUENCY = re.compile(r"constituency|pcon\w*", re.IGNORECASE)


def table_path(project: Path) -> Path:
    return project / ".chalice" / "constituencies.csv"


def constituency_file(project: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the name in the zip and the content of the file. Yield nothing if the charity has no table.

    Raise Failure for an invalid table.
    """
    path = table_path(project)
    if path.exists():
        try:
            yield NAME_IN_ZIP, constituency_table.pack(read_table(path))
        except ValueError as error:
            raise Failure(f"{path.name}: {error}") from error


def layout_path(project: Path) -> Path:
    return project / ".chalice" / "constituencies.hexjson"


def layout_file(project: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the name in the zip and the content of the map's layout, which is optional. Raise Failure if it is wrong.

    HexJSON: https://open-innovations.org/projects/hexmaps/hexjson. We keep the place and the name of each hexagon.
    """
    path = layout_path(project)
    if not path.exists():
        return
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
        hexes = [
            {"key": key, "name": str(each.get("n", key)), "q": int(each["q"]), "r": int(each["r"])}
            for key, each in found["hexes"].items()
        ]
        if found["layout"] not in LAYOUTS:
            raise ValueError(f"the layout is none of {', '.join(LAYOUTS)}")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Failure(f"{path.name} is not HexJSON: {error}") from error
    yield LAYOUT_IN_ZIP, json.dumps({"layout": found["layout"], "hexes": hexes}).encode()


def read_table(path: Path) -> dict[str, str]:
    """Return each postcode's constituency. Leave out rows without a postcode or a constituency.

    Raise ValueError if a column is missing, if no row has a constituency, or if a name is too long.
    """
    by_postcode: dict[str, str] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        header = rows.fieldnames or ()
        postcode_column = _column(header, _POSTCODE)
        constituency_column = _column(header, _CONSTITUENCY)
        for row in rows:
            # A cell is None if the row is too short.
            postcode = (row[postcode_column] or "").strip()
            name = (row[constituency_column] or "").strip()
            if postcode and name:
                by_postcode[postcode] = name
    _check_names(by_postcode.values())
    return by_postcode


def _column(names: Sequence[str], pattern: re.Pattern[str]) -> str:
    for name in names:
        if pattern.fullmatch(name.strip()):
            return name
    raise ValueError(f"no column name matches {pattern.pattern}")


def _check_names(names: Collection[str]) -> None:
    if not names:
        raise ValueError("no row has a constituency")
    longest = max(names, key=len)
    if len(longest) > MAX_NAME_LENGTH:
        raise ValueError(
            f"a constituency's name has at most {MAX_NAME_LENGTH} characters: {longest[:MAX_NAME_LENGTH]}…"
        )
