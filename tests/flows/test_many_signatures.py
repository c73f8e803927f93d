"""An export of 100,000 signatures contains each signature once, and needs no more memory than an export of 10,000.

A fake table generates the pages, because filling the emulator takes longer than the export. `make bench` measures an
export on the emulator.
"""

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyrage

from chalicelib.core import keys
from tests.actors import a_petition
from tests.exporting import rows_of

MOST_MEMORY = 150 * 1_000_000
FEW, MANY = 64 * 157, 64 * 1563  # A little more than 10,000 and 100,000 people, equally many in each of 64 buckets.


def run_export(people: int, folder: Path, *recipient: str) -> dict[str, Any]:
    """Export in another process, and return its peak of memory with the result."""
    folder.mkdir()
    command = [sys.executable, "-m", "tests.exports.crowd", str(people), str(folder), *recipient]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr
    result: dict[str, Any] = json.loads(process.stdout)
    return result


def all_names(people: int) -> set[str]:
    """Return the names that the other process, in which a petition has all its partitions, generates."""
    names: set[str] = set()
    for bucket in range(keys.PARTITIONS):
        partition = keys.signature_partition(a_petition().slug, f"{bucket:02x}")
        names |= {f"{partition} {number}" for number in range(people // keys.PARTITIONS)}
    return names


def test_100000_rows_need_less_than_150_mb_and_match_the_tally(tmp_path: Path) -> None:
    few, many = run_export(FEW, tmp_path / "few"), run_export(MANY, tmp_path / "many")
    assert many["peak"] < MOST_MEMORY
    assert many["peak"] < few["peak"] * 1.1
    file: str = many["file"]
    content = (tmp_path / "many" / file).read_bytes()
    names = [row["name"] for row in rows_of(content)]
    assert many["rows"] == many["counted"] == len(names) == MANY
    assert set(names) == all_names(MANY)
    assert hashlib.sha256(content).hexdigest() == many["sha256"]
    cover = file.removesuffix("file") + "cover"
    found = {path.name for path in (tmp_path / "many").iterdir()}
    assert found == {"work", file, cover}


def test_encrypting_needs_constant_memory(tmp_path: Path) -> None:
    owner = pyrage.x25519.Identity.generate()
    result = run_export(FEW, tmp_path / "age", str(owner.to_public()))
    content = pyrage.decrypt((tmp_path / "age" / result["file"]).read_bytes(), [owner])
    assert {row["name"] for row in rows_of(content)} == all_names(FEW)
    assert result["peak"] < MOST_MEMORY
