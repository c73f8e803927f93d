"""`manage.py export`: export a petition's signatures. Start the export, wait until it ends, and download its files."""

import argparse
import hashlib
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from chalicelib.aws import clients
from chalicelib.aws.bucket import Bucket
from chalicelib.core import keys, times
from chalicelib.core.errors import Invalid, NotNow
from chalicelib.core.settings import required
from chalicelib.exports.model import DEFAULT_COLUMNS, LINK_SECONDS, Column, Export, ExportRequest, Format
from chalicelib.exports.request import new_export, result_of
from chalicelib.jobs.model import JobState
from chalicelib.jobs.request import find_job, start
from chalicelib.petitions.find import petition_as_stored
from commands import common

POLL_SECONDS = 1.0
REPOSITORY = Path(__file__).resolve().parents[1]
BLOCK_BYTES = 1024 * 1024
BAR_WIDTH = 30


def export_petition(arguments: argparse.Namespace) -> None:
    """If this command is interrupted, the export continues, and staff can download the files over the API."""
    _check_folder(arguments.out)
    export = _start_export(arguments)
    print(f"{export.job_id}: {export.count_at_moment} confirmed at {times.iso(export.moment)}", file=sys.stderr)
    for current in _poll(export):
        print(f"\r{progress_bar(current)}", end="", file=sys.stderr, flush=True)
        export = current
    print(file=sys.stderr)
    if export.state is not JobState.DONE:
        raise common.InputError(export.why or f"the export is {export.state}")
    _download(export, arguments.out)


def _check_folder(folder: Path) -> None:
    """Raise InputError if the path is no folder, or in the repository: no commit may contain names of signers."""
    if not folder.is_dir():
        raise common.InputError(f"{folder} is not a folder")
    if folder.resolve().is_relative_to(REPOSITORY):
        raise common.InputError("the file must not be inside the repository: name another folder with --out")


def progress_bar(export: Export) -> str:
    """Show the share of exported parts (buckets): the number of signatures falls if people withdraw meanwhile."""
    full = BAR_WIDTH * len(export.parts) // len(keys.BUCKETS)
    bar = "#" * full + "." * (BAR_WIDTH - full)
    return f"[{bar}] {export.processed} of {export.count_at_moment}, {export.state}   "


def _start_export(arguments: argparse.Namespace) -> Export:
    """Raise InputError if the application refuses the export."""
    tables = common.tables()
    petition = petition_as_stored(arguments.slug, tables)
    key_path = arguments.recipient_file  # The file with the public key to which the export is encrypted.
    try:
        request = ExportRequest(
            format=arguments.format,
            columns=arguments.columns,
            recipient=common.read_text(key_path) if key_path else None,
        )
        export = new_export(request, petition, common.account(), times.now(), tables)
        details = {"petition": petition.slug, "format": export.format.value, "columns": ",".join(export.columns)}
        common.audit("export.requested", export.job_id, **details, recipient=export.locked_with)
        start(export, common.queue("JOBS_QUEUE_URL"), tables)
    except Invalid as error:
        raise common.InputError(error.errors[0].message) from None
    except ValidationError as error:
        messages = [each["msg"] for each in error.errors(include_input=False)]
        raise common.InputError("; ".join(messages)) from None
    except NotNow as error:
        raise common.InputError(error.why) from None
    return export


def _poll(export: Export) -> Iterator[Export]:
    """Yield the export's state every second, the last one too. A stalled export has failed."""
    tables = common.tables()
    while export.is_open:
        yield export
        time.sleep(POLL_SECONDS)
        export = find_job(Export, export.job_id, tables).at(times.now())
    yield export


def _download(export: Export, folder: Path) -> None:
    """Download the file and its cover sheet. Raise InputError if the file is damaged."""
    result, bucket = result_of(export, times.now()), Bucket(clients.s3(), required("EXPORTS_BUCKET"))
    for key, ending in ((result.file, export.extension), (result.cover, ".pdf")):
        common.audit("export.fetched", export.job_id, what=ending)
        path = folder / f"{export.job_id}{ending}"
        digest = _save(bucket.link(key, path.name, LINK_SECONDS), path)
        is_export_file = key == result.file  # Of the cover sheet, no digest is stored.
        if is_export_file and digest != result.sha256:
            path.unlink()
            raise common.InputError("the download was incomplete or damaged, and was removed; try again")
        print(path)
    print(f"{result.rows} signatures, SHA-256 {result.sha256}", file=sys.stderr)


def _save(url: str, path: Path) -> str:
    """Download to a file that only this user can read. Return its SHA-256. Raise InputError."""
    digest = hashlib.sha256()
    try:
        path.touch(mode=0o600)
        path.chmod(0o600)  # If the file existed already, `touch` did not change its mode.
        with urllib.request.urlopen(url, timeout=60) as answer, path.open("wb") as file:
            while block := answer.read(BLOCK_BYTES):
                digest.update(block)
                file.write(block)
    except OSError as error:
        with suppress(OSError):  # Perhaps the folder is the problem, and there is no file.
            path.unlink()
        raise common.InputError(f"the export is done, but the download failed ({type(error).__name__})") from None
    return digest.hexdigest()


def _columns(text: str) -> list[Column]:
    with suppress(ValueError):
        return [Column(name.strip()) for name in text.split(",")]
    raise argparse.ArgumentTypeError(f"use some of: {', '.join(Column)}")


def add_to(subparsers: Any) -> None:
    command = subparsers.add_parser("export", help="export the confirmed signatures of a petition, with a cover sheet")
    command.add_argument("slug")
    command.add_argument("--format", type=Format, choices=list(Format), default=Format.CSV)
    command.add_argument("--columns", type=_columns, default=list(DEFAULT_COLUMNS), help=f"some of {','.join(Column)}")
    # One of the two options is required, so that nobody leaves the file unencrypted by mistake.
    encryption = command.add_mutually_exclusive_group(required=True)
    encryption.add_argument("--recipient-file", type=Path, help="encrypt to the age public key in this file")
    encryption.add_argument(
        "--unencrypted", action="store_true", help="do not encrypt: the file shows names to everybody"
    )
    out_help = "the folder to save file and cover sheet in, outside the repository"
    command.add_argument("--out", type=Path, default=Path(), help=out_help)
    command.set_defaults(run=export_petition)
