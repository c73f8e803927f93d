"""The steps of an export: one for each part of the rows, and a last one that joins the parts into the file."""

from dataclasses import dataclass

from chalicelib.exports.deliver import delete_files, deliver
from chalicelib.exports.gather import ExportContext, delete_parts, gather
from chalicelib.exports.model import Export
from chalicelib.jobs.model import Step

# The longest times of the two kinds of steps, in seconds. With ten million signatures, a part takes 20 seconds. With
# one million, the last step took six seconds (measured in November 2026).
PART_SECONDS = 60
FILE_SECONDS = 450


@dataclass(frozen=True)
class ExportWork:
    """What the job of an export does."""

    context: ExportContext

    def next_step(self, export: Export) -> Step[Export]:
        if export.missing_buckets:
            bucket = export.missing_buckets[0]
            return Step(PART_SECONDS, lambda: gather(export, bucket, self.context))
        return Step(FILE_SECONDS, lambda: deliver(export, self.context))

    def tidy(self, export: Export) -> None:
        delete_parts(export, self.context)
        if export.result is None:  # It was cancelled or failed, perhaps during the upload. The files contain names.
            delete_files(export, self.context)
