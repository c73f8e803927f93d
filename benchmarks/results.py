"""Read and write results.json. Each command that measures writes its own keys of the file."""

import json
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).with_name("results.json")


def read() -> dict[str, Any]:
    kept: dict[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8"))
    return kept


def add(part: dict[str, Any]) -> dict[str, Any]:
    """Write the keys of `part`, and keep all other keys, which other commands wrote. Return all results."""
    results = {**read(), **part}
    RESULTS.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return results
