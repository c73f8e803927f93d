"""results.json: `make bench`, `make cost` and `make simulate` each write their part of it."""

import json
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).with_name("results.json")


def read() -> dict[str, Any]:
    """Return all stored results; empty if there are none."""
    if not RESULTS.exists():
        return {}
    kept: dict[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8"))
    return kept


def add(part: dict[str, Any]) -> dict[str, Any]:
    """Replace these keys and keep the rest: each command measures another part."""
    results = {**read(), **part}
    RESULTS.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return results
