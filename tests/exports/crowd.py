"""A petition of any size in constant memory. Each page of DynamoDB's answer is made when it is requested."""

import json
import sys
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any, cast

from chalicelib.aws.bucket import Bucket
from chalicelib.aws.expressions import to_wire
from chalicelib.aws.table import Item, Tables
from chalicelib.core import keys
from chalicelib.tallies.model import TallyEntry
from chalicelib.tallies.store import entry_change
from tests.actors import NOW, a_published_petition
from tests.exporting import an_export_context, request_export, run_stored_export
from tests.fakes import FakeTables

PAGE = 2_000
PLAIN = {name: {"S": "direct"} for name in ("source", "consent_version", "signed_at")}


def peak_bytes() -> int:
    """Return the peak memory of this program. `getrusage` would include a program that ran in this process before."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    (peak,) = [line for line in lines if line.startswith("VmHWM:")]
    return int(peak.split()[1]) * 1024  # The line is like "VmHWM:   81234 kB".


class CrowdedTables(FakeTables):
    """Signatures are read through the real Tables; everything else is in the fake."""

    def __init__(self, people: int) -> None:
        super().__init__()
        self._people_in_bucket = people // len(keys.BUCKETS)
        client = SimpleNamespace(query=self._page)
        self._real = Tables(cast(Any, client), {keys.SIGNATURES: "signatures"})

    def query(self, table: str, pk: str, *arguments: Any, **named: Any) -> Any:
        if table == keys.SIGNATURES:
            return self._real.query(table, pk, *arguments, **named)
        return super().query(table, pk, *arguments, **named)

    def _page(self, **request: Any) -> dict[str, Any]:
        pk = request["ExpressionAttributeValues"][":pk"]["S"]
        first = int(request.get("ExclusiveStartKey", {}).get("number", 0))
        last = min(first + PAGE, self._people_in_bucket)
        items = [_wire_item(f"{pk} {number}") for number in range(first, last)]
        answer: dict[str, Any] = {"Items": items}
        if last < self._people_in_bucket:
            answer["LastEvaluatedKey"] = {"number": last}
        return answer


class FolderBucket(Bucket):
    """Objects are files on disk, so that they take no memory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put_file(self, key: str, path: Path, content_type: str) -> None:
        target = self._folder / key.replace("/", "_")
        path.replace(target)

    def copy_to(self, key: str, file: IO[bytes]) -> str:
        file.write((self._folder / key.replace("/", "_")).read_bytes())
        return "any"

    def delete_under(self, prefix: str) -> None:
        for path in self._folder.glob(prefix.replace("/", "_") + "*"):
            path.unlink()


def _wire_item(name: str) -> Item:
    item = {"state": "confirmed", "name": name, "postcode": "SW1A 1AA", "country": "GB", "text_version": "f04dd8ad673f"}
    return {**PLAIN, **to_wire(item), "confirmed_at": {"S": "2026-11-24T11:00:00Z"}}


def export_crowd(people: int, folder: Path, recipient: str | None) -> dict[str, Any]:
    """Export into `folder`. `peak` is the peak memory of this process, in bytes."""
    (folder / "work").mkdir()
    tables = CrowdedTables(people)
    petition = a_published_petition(tables)
    entry = TallyEntry(people, NOW - timedelta(hours=1), "GB", "direct")
    tables.update(entry_change(petition.slug, 0, entry))
    export = request_export(tables, petition, columns=["name"], recipient=recipient)
    done = run_stored_export(export, an_export_context(tables, FolderBucket(folder), folder / "work"))
    assert done.result, done.why
    return {"rows": done.result.rows, "counted": done.count_at_moment, "sha256": done.result.sha256,
            "peak": peak_bytes(), "file": done.result.file.replace("/", "_")}  # fmt: skip


if __name__ == "__main__":
    people, folder, *recipients = sys.argv[1:]
    exported = export_crowd(int(people), Path(folder), recipients[0] if recipients else None)
    print(json.dumps(exported))
