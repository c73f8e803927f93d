"""The second stage of an export: join the parts into one file, encrypt it if requested, add digest and cover sheet."""

from hashlib import file_digest
from pathlib import Path
from secrets import token_hex

from chalicelib.core import keys
from chalicelib.exports import store
from chalicelib.exports.cover import Facts, cover_sheet
from chalicelib.exports.encrypt import encrypt
from chalicelib.exports.gather import ExportContext
from chalicelib.exports.model import Export, Format, Part, Result, whole
from chalicelib.exports.write import heading
from chalicelib.petitions.find import petition_as_stored

FILES = "files"
TYPES = {Format.CSV: "text/csv; charset=utf-8", Format.NDJSON: "application/x-ndjson"}


def deliver(export: Export, context: ExportContext) -> Export:
    """Safe to repeat: the first run to finish sets the result. Raise Invalid if the recipient's key no longer works."""
    total = whole(export.parts.values())
    if not agrees(export.counted, total):
        return store.fail(export, disagreement(export.counted, total), context.clock(), context.tables)
    path = _encrypted(export, _assembled(export, context), context.folder)
    result = _result(export, total, path, f"{FILES}/{export.export_id}/{token_hex(4)}", context)
    content_type = "application/octet-stream" if export.recipient is not None else TYPES[export.format]
    context.bucket.put_file(result.file, path, content_type)
    sheet = context.folder / "cover.pdf"
    sheet.write_bytes(cover_sheet(_facts(export, total, result, context)))
    context.bucket.put_file(result.cover, sheet, "application/pdf")
    return store.finish(export, result, context.clock(), context.tables)


def agrees(counted: int, total: Part) -> bool:
    """Return whether rows and tally differ only by withdrawals and confirmations close to the moment (see Part)."""
    return counted - total.late - total.gone <= total.rows <= counted + total.unsure


def disagreement(counted: int, total: Part) -> str:
    """Return the error for the member of staff and for the engineer they will ask."""
    return f"The count is {counted} but we found {total.rows}, so nothing was exported. Ask your engineer for a recount"


def _assembled(export: Export, context: ExportContext) -> Path:
    path = context.folder / "plain"
    with path.open("wb") as file:
        file.write(heading(export.format, export.columns).encode())
        for bucket in keys.BUCKETS:
            if export.parts[bucket].rows:
                context.bucket.copy_to(export.parts[bucket].key, file)
    return path


def _encrypted(export: Export, plain: Path, folder: Path) -> Path:
    if export.recipient_key is None:
        return plain
    encrypt(plain, folder / "encrypted", export.recipient_key)
    plain.unlink()
    return folder / "encrypted"


def _result(export: Export, total: Part, path: Path, prefix: str, context: ExportContext) -> Result:
    with path.open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
    return Result(
        rows=total.rows,
        size=path.stat().st_size,
        sha256=digest,
        file=f"{prefix}/file",
        cover=f"{prefix}/cover",
        unsure=total.unsure,
        gone=total.gone,
        finished_at=context.clock(),
    )


def _facts(export: Export, total: Part, result: Result, context: ExportContext) -> Facts:
    petition = petition_as_stored(export.slug, context.tables)
    return Facts(petition, export, result, total)
