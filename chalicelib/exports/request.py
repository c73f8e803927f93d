"""Request an export of the signatures that are confirmed now. Also read the count now, to check the rows later."""

from datetime import datetime

from chalicelib.aws.table import Tables
from chalicelib.core.errors import Gone, NotNow
from chalicelib.exports.lock import lock_fields
from chalicelib.exports.model import Export, ExportRequest, Result
from chalicelib.jobs.model import JobState, new_job
from chalicelib.petitions.find import petition_as_stored, require_kept
from chalicelib.petitions.model import Petition
from chalicelib.tallies.prove import COUNT, tally_sums


def new_export(request: ExportRequest, petition: Petition, owner: str, now: datetime, tables: Tables) -> Export:
    """Return it, not stored yet. Raise Invalid if it cannot be locked as requested, NotNow without data to export."""
    require_kept(petition, now)
    return new_job(
        Export,
        petition.slug,
        owner,
        now,
        expected=tally_sums(petition, now, tables)[COUNT],
        format=request.format,
        columns=request.columns,
        **lock_fields(request),
    )


def result_of(export: Export, now: datetime, tables: Tables) -> Result:
    """Raise NotNow if the export is not done or its data no longer kept, Gone if it has expired."""
    require_kept(petition_as_stored(export.slug, tables), now)
    state = export.state_at(now)
    if state is JobState.EXPIRED:
        raise Gone("This export has expired and its file was deleted. Request a new one.")
    if state is not JobState.DONE or export.result is None:
        raise NotNow(f"This export is {state}: there is no file to download.")
    return export.result
