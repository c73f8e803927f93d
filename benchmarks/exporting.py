"""Measure an export of many signatures on the emulator: rows a second, and peak memory.

One process fills the tables and another exports, so that only the export's memory is measured.
"""

import os
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from benchmarks import scene
from benchmarks.calls import create_tables
from benchmarks.memory import peak_bytes
from benchmarks.worker import measure_in_process, print_figures
from chalicelib.aws import clients
from chalicelib.aws.expressions import chunks, to_wire
from chalicelib.aws.table import Item, tables
from chalicelib.core import keys, times
from chalicelib.petitions.find import petition_as_stored
from chalicelib.petitions.model import Petition
from chalicelib.petitions.publish import publish
from chalicelib.signatures.model import Signature, SignatureState
from chalicelib.tallies.model import TallyEntry
from chalicelib.tallies.store import entry_change

BATCH_SIZE = 25
# The figures of an export that results.json has.
FIGURES = (
    *("rows", "counted", "file_bytes", "gather_rows_a_second", "deliver_rows_a_second", "rows_a_second"),
    *("cpu_us_a_row", "peak_mb", "peak_mb_before"),
)
COUNTRIES = ("GB", "GB", "GB", "IE", "FR")


def measure_export(endpoint: str, number: int) -> dict[str, Any]:
    """Store `number` signatures in one new process, and export them in another. Return the figures of the export."""
    measure_in_process("benchmarks.exporting", "seed", endpoint, str(number))
    return measure_in_process("benchmarks.exporting", "run", endpoint, str(number))


def measure(action: str, endpoint: str, number: str, *arguments: str) -> dict[str, Any]:
    """Store `number` signatures ("seed"), request their export ("begin"), or run it ("work").

    "run" requests the export and runs it. `arguments` of "begin" and "run": the file's format, and its recipient. Of
    "work": the job's id.
    """
    os.environ |= {**scene.AWS_SETTINGS, **scene.SETTINGS, "AWS_ENDPOINT_URL": endpoint}
    slug = f"handover-{number}"
    lengthen_read_timeout()
    if action == "seed":
        return _seed(slug, int(number))
    if action == "work":
        return _run_export(*arguments)
    job_id = _add_export(slug, *arguments)
    if action == "begin":
        return {"job_id": job_id}
    return _run_export(job_id)


def lengthen_read_timeout() -> None:
    """Wait longer for answers of AWS than the application does: with a million items, the emulator may need seconds."""
    clients.CONFIG = clients.CONFIG.merge(Config(read_timeout=120))


def _seed(slug: str, number: int) -> dict[str, Any]:
    """Store signatures that were confirmed earlier today: their items and their tally entries."""
    client = boto3.client("dynamodb")
    existing_tables = client.list_tables()["TableNames"]
    if not existing_tables:
        create_tables()
        boto3.client("s3").create_bucket(Bucket=scene.SETTINGS["EXPORTS_BUCKET"])
    now = times.now()
    sample = scene.sample_petition().model_copy(update={"slug": slug})
    petition = publish(sample, now, tables())
    count_each = number // len(COUNTRIES)
    for country in COUNTRIES:
        entry = TallyEntry(count_each, _confirmed_at(now), country, scene.SOURCE)
        tables().update(entry_change(slug, shard=0, entry=entry))
    write_batch = partial(_write_batch, client, petition, now)
    with ThreadPoolExecutor(4) as pool:
        written = pool.map(write_batch, chunks(range(number), BATCH_SIZE))
        list(written)  # Raise the error of a batch that failed.
    return {"seeded": number}


def _confirmed_at(now: datetime) -> datetime:
    """Return a time of today: an hour ago. Soon after midnight, return the middle between midnight and now.

    The tally of a new petition has no earlier day.
    """
    since_midnight = now - now.replace(hour=0, minute=0, second=0, microsecond=0)
    return now - min(timedelta(hours=1), since_midnight / 2)


def _write_batch(client: Any, petition: Petition, now: datetime, numbers: Sequence[int]) -> None:
    items = [to_wire(_signature(each, petition, now)) for each in numbers]
    requests = [{"PutRequest": {"Item": item}} for item in items]
    client.batch_write_item(RequestItems={scene.SETTINGS["SIGNATURES_TABLE"]: requests})


def _signature(number: int, petition: Petition, now: datetime) -> Item:
    identity = sha256(f"{petition.slug}{number}".encode()).hexdigest()
    signature = Signature(
        state=SignatureState.CONFIRMED,
        signed_at=now - timedelta(hours=2),
        confirmed_at=_confirmed_at(now),
        name=f"Person Number {number}",
        email=f"person.{number}@mail.example",
        country=COUNTRIES[number % len(COUNTRIES)],
        postcode="SW1A 1AA",
        source=scene.SOURCE,
        obtained_by=petition.charity,
        channel="api",
        text_version=petition.text_version,
        consent_version=petition.consent_version,
    )
    key = keys.signature(petition.slug, identity)
    return {"pk": key.pk, "sk": key.sk, **signature.model_dump(exclude_none=True)}


def _add_export(slug: str, file_format: str = "csv", recipient: str = "") -> str:
    """Store a requested export, without a message to its worker. Return the job's id."""
    from chalicelib.exports.model import ExportRequest, Format
    from chalicelib.exports.request import new_export
    from chalicelib.jobs.store import add

    petition = petition_as_stored(slug, tables())
    request = ExportRequest(format=Format(file_format), recipient=recipient or None)
    export = new_export(request, petition, "bench", times.now(), tables())
    add(export, tables())
    return export.job_id


def _run_export(job_id: str) -> dict[str, Any]:
    """Run the export as its worker does, with app.py loaded as in the Lambda function."""
    import app  # noqa: F401
    from chalicelib.aws.bucket import files_bucket
    from chalicelib.exports.gather import ExportContext
    from chalicelib.exports.model import Export
    from chalicelib.exports.run import ExportWork
    from chalicelib.jobs.run import run
    from chalicelib.jobs.store import find

    export = find(Export, job_id, tables())
    assert export
    memory_before, cpu_before, earlier_rows = peak_bytes() / 1e6, time.process_time(), export.totals.rows
    began, step_times = time.perf_counter(), list[float]()

    def has_time(seconds: float) -> bool:
        step_times.append(time.perf_counter())  # `run` calls this before each step. The last step delivers the file.
        return True

    with tempfile.TemporaryDirectory() as folder:
        context = ExportContext(tables(), files_bucket(), Path(folder), times.now)
        done = run(export, ExportWork(context), has_time, times.now, tables())
    ended, cpu = time.perf_counter(), time.process_time() - cpu_before
    if done.result is None:
        raise RuntimeError(done.why)
    gathered = done.result.rows - earlier_rows
    return {
        "rows": done.result.rows,
        "counted": done.count_at_moment,
        "file": done.result.file,
        "file_bytes": done.result.size,
        "sha256": done.result.sha256,
        "rows_of_an_earlier_process": earlier_rows,
        "gather_rows_a_second": round(gathered / (step_times[-1] - began)),
        "deliver_rows_a_second": round(done.result.rows / (ended - step_times[-1])),
        "rows_a_second": round(gathered / (ended - began)),
        "cpu_us_a_row": round(cpu / gathered * 1e6),
        "peak_mb": round(peak_bytes() / 1e6, 1),
        "peak_mb_before": round(memory_before, 1),
    }


if __name__ == "__main__":
    print_figures(measure)
