"""A hundred thousand signatures in one process: all of them, none twice, and no more memory than a tenth needs.

The pages are made up as they are asked for: filling the emulator with so many takes longer than handing them
over. `make bench` measures it there.
"""

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyrage
import pytest

from chalicelib.core import keys
from tests.actors import a_petition
from tests.exporting import rows_of

MEMORY = 150 * 1_000_000
FEW, MANY = 64 * 157, 64 * 1563  # A little more than 10,000 and 100,000; the same for each bucket.


def handed_over(people: int, folder: Path, *recipient: str) -> dict[str, Any]:
    folder.mkdir()
    command = [sys.executable, "-m", "tests.exports.crowd", str(people), str(folder), *recipient]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def everybody(people: int) -> set[str]:
    partitions = [keys.signature_partition(a_petition().slug, bucket) for bucket in keys.BUCKETS]
    return {f"{pk} {number}" for pk in partitions for number in range(people // len(keys.BUCKETS))}


def test_100000_rows_need_less_than_150_mb_and_match_the_tally(tmp_path: Path) -> None:
    few, many = handed_over(FEW, tmp_path / "few"), handed_over(MANY, tmp_path / "many")
    assert many["peak"] < MEMORY
    assert many["peak"] < few["peak"] * 1.1
    content = (tmp_path / "many" / many["file"]).read_bytes()
    names = [row["name"] for row in rows_of(content)]
    assert many["rows"] == many["counted"] == len(names) == MANY
    assert set(names) == everybody(MANY)
    assert hashlib.sha256(content).hexdigest() == many["sha256"]
    assert {path.name for path in (tmp_path / "many").iterdir()} == {"work", many["file"], many["file"][:-4] + "cover"}


@pytest.mark.parametrize("kind", ["age"])
def test_encrypting_needs_constant_memory(tmp_path: Path, kind: str) -> None:
    owner = pyrage.x25519.Identity.generate()
    told = handed_over(FEW, tmp_path / kind, str(owner.to_public()))
    opened = pyrage.decrypt((tmp_path / kind / told["file"]).read_bytes(), [owner])
    assert {row["name"] for row in rows_of(opened)} == everybody(FEW)
    assert told["peak"] < MEMORY
