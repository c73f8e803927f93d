"""Know in a dry run which people were in earlier rows of the file. An import learns this from what it has stored.

The file may have two million rows, so they are in SQLite on the function's disk, not in memory. In another process, the
dry run first reads the processed rows again (run.py).
"""

import sqlite3
from pathlib import Path

from chalicelib.core.errors import FieldError
from chalicelib.partners.model import Receipt, ReceiveOutcome
from chalicelib.partners.receive import CONFLICT, ReceiveResult


class EarlierRows:
    """Close it after each step, or the rows are lost. Noting a row twice changes nothing."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path)
        self._database.execute("pragma synchronous = off")  # After a crash, another process begins a new file.
        self._database.execute("create table if not exists first (key text primary key, value text) without rowid")

    def close(self) -> None:
        self._database.commit()
        self._database.close()

    def corrected(self, receipt: Receipt, predicted: ReceiveResult) -> ReceiveResult:
        """Note a row, and return its result after the earlier rows. `predicted`: its result without them."""
        if predicted.outcome is ReceiveOutcome.INVALID:
            return predicted
        # The receipt's digest is that of the partner's identifier; the signature's id is that of the person.
        if self._first(receipt.digest, receipt.signature_id) != receipt.signature_id:
            return ReceiveResult(ReceiveOutcome.INVALID, [CONFLICT])
        if predicted.outcome is ReceiveOutcome.SUPPRESSED:
            return predicted
        row = str(receipt.row)
        first_row = self._first(f"person {receipt.signature_id}", row)
        if first_row == row:
            return predicted
        same_person = FieldError("email", f"This is the same person as row {first_row}")
        return ReceiveResult(ReceiveOutcome.EXISTING, [same_person])

    def _first(self, key: str, value: str) -> str:
        """Return the first value that was noted for the key: an earlier one, or this one."""
        self._database.execute("insert or ignore into first values (?, ?)", (key, value))
        [first] = self._database.execute("select value from first where key = ?", (key,)).fetchone()
        return str(first)
