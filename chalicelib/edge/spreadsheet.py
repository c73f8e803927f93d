"""Make CSV responses, without cells that a spreadsheet runs as a formula: only `key` has texts from outside."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from chalice.app import Request

from chalicelib.core.printable import escape_formula
from chalicelib.edge.accept import prefers_csv
from chalicelib.edge.http import REVALIDATED, answer, query

if TYPE_CHECKING:
    from chalicelib.edge.answers import Answer

CSV = "text/csv"


def wants_csv(request: Request) -> bool:
    """Return whether to answer with CSV. `?format=` overrides the Accept header."""
    format_name = query(request, "format")
    if format_name:
        return format_name == "csv"
    return prefers_csv(request.headers.get("accept") or "")


def as_csv(rows: Sequence[Mapping[str, object]], columns: Sequence[str] = ("key", "confirmed")) -> "Answer[Any]":
    """Return the rows as CSV. Without rows, the header line has `columns`."""
    text = io.StringIO()
    fields = list(rows[0]) if rows else columns
    writer = csv.DictWriter(text, fields)
    writer.writeheader()
    writer.writerows({**row, "key": escape_formula(str(row["key"]))} if "key" in row else row for row in rows)
    return answer(text.getvalue(), 200, {"Content-Type": f"{CSV}; charset=utf-8", **REVALIDATED})
