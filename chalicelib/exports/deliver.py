"""The second stage of an export: join its parts into one file, encrypt it if requested, and write the cover sheet.

The first stage (gather) has written the rows in parts, and has stored sums over the rows in `export.totals`. The rows
are checked against the tally, which is the petition's count at the moment of the export's request.
"""

from hashlib import file_digest
from pathlib import Path
from secrets import token_hex

from chalicelib.exports.cover import CoverFacts, cover_sheet
from chalicelib.exports.encrypt import encrypt
from chalicelib.exports.gather import ExportContext
from chalicelib.exports.model import Export, Format, Result, Totals
from chalicelib.exports.write import heading
from chalicelib.jobs.model import JobState
from chalicelib.petitions.find import petition_as_stored

# The S3 prefix of the finished files.
FILES = "files"
CONTENT_TYPES = {Format.CSV: "text/csv; charset=utf-8", Format.NDJSON: "application/x-ndjson"}


def deliver(export: Export, context: ExportContext) -> Export:
    """Write the file and the cover sheet, and return the export as done.

    If the export's rows do not agree with the tally, write nothing and return the export as failed.
    """
    if not is_consistent(export.count_at_moment, export.totals):
        return export.in_end_state(JobState.FAILED, why=disagreement(export.count_at_moment, export.totals))
    plain = _join_parts(export, context)
    path = _encrypt_file(export, plain, context.folder)
    # New S3 keys each time, because two processes may do this step at once.
    key_prefix = f"{_prefix(export)}{token_hex(4)}"
    result = _result(export, path, key_prefix, context)
    content_type = "application/octet-stream" if export.recipient is not None else CONTENT_TYPES[export.format]
    context.s3_bucket.put_file(result.file, path, content_type)
    petition = petition_as_stored(export.slug, context.tables)
    sheet = context.folder / "cover.pdf"
    sheet.write_bytes(cover_sheet(CoverFacts(petition, export, result)))
    context.s3_bucket.put_file(result.cover, sheet, "application/pdf")
    return export.in_end_state(JobState.DONE, result=result)


def delete_files(export: Export, context: ExportContext) -> None:
    """Delete the files of an export that was cancelled or failed. S3 deletes the files of an expired export."""
    context.s3_bucket.delete_under(_prefix(export))


def _prefix(export: Export) -> str:
    return f"{FILES}/{export.job_id}/"


def is_consistent(expected_rows: int, totals: Totals) -> bool:
    """Return whether the known reasons explain the difference between the rows and the tally: see `Totals`."""
    # Confirmed soon after the moment (`late`) or withdrawn (`gone`): no rows, but perhaps the tally includes them.
    fewest_rows = expected_rows - totals.late - totals.gone
    # Confirmed shortly before the moment (`unsure`): rows, but perhaps the tally does not include them.
    most_rows = expected_rows + totals.unsure
    return fewest_rows <= totals.rows <= most_rows


def disagreement(expected_rows: int, totals: Totals) -> str:
    """Return the error text for staff: the rows do not agree with the tally."""
    difference = f"The count is {expected_rows} but we found {totals.rows}"
    return f"{difference}, so nothing was exported. Ask your engineer for a recount"


def _join_parts(export: Export, context: ExportContext) -> Path:
    """Write the heading and all parts into one file, and return its path."""
    path = context.folder / "plain"
    with path.open("wb") as file:
        file.write(heading(export.format, export.columns).encode())
        for key in export.parts:
            if key:  # "" stands for a part without rows, which has no object in S3.
                context.s3_bucket.copy_to(key, file)
    return path


def _encrypt_file(export: Export, plain: Path, folder: Path) -> Path:
    """Encrypt the file, delete `plain`, and return the new path. Without a recipient, only return `plain`."""
    if export.recipient is None:
        return plain
    encrypt(plain, folder / "encrypted", export.recipient)
    plain.unlink()
    return folder / "encrypted"


def _result(export: Export, path: Path, key_prefix: str, context: ExportContext) -> Result:
    """Return the result, which describes the finished file at `path`."""
    with path.open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
    return Result(
        rows=export.totals.rows,
        size=path.stat().st_size,
        sha256=digest,
        file=f"{key_prefix}/file",
        cover=f"{key_prefix}/cover",
        unsure=export.totals.unsure,
        gone=export.totals.gone,
        finished_at=context.clock(),
    )
