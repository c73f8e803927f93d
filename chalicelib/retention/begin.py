"""Set the months of a petition's retention, and decide that it has ended."""

from datetime import datetime

from chalicelib.aws.queue import Queue
from chalicelib.aws.table import Tables
from chalicelib.core.errors import NotNow
from chalicelib.core.times import in_words
from chalicelib.exports.model import Export
from chalicelib.exports.subscribers.request import OptInList
from chalicelib.jobs.model import Job, new_job
from chalicelib.jobs.request import require_no_running_job, start
from chalicelib.partners.imports.model import Import
from chalicelib.partners.register import all_partners
from chalicelib.petitions.edit import revise, with_changes
from chalicelib.petitions.model import Petition
from chalicelib.retention.model import Retention
from chalicelib.retention.run import number_of_steps

# These could store personal data again while the job removes it.
_IN_THE_WAY: tuple[type[Job], ...] = (Export, OptInList, Import)


def set_months(petition: Petition, months: int, tables: Tables) -> Petition:
    """Raise NotNow if the data was removed, and Stale if the petition was edited meanwhile."""
    if petition.emptied_at:
        raise NotNow(f"The personal data was removed on {in_words(petition.emptied_at)}.")
    return revise(with_changes(petition, retention_months=months), tables)


def new_run(petition: Petition, owner: str, now: datetime, tables: Tables, *, dry_run: bool) -> Retention:
    """Return the job, not stored yet. Raise NotNow if the data may not be removed now."""
    if not dry_run:
        _require_due(petition, now)
        for kind in _IN_THE_WAY:
            require_no_running_job(kind, petition.slug, now, tables)
    require_no_running_job(Retention, petition.slug, now, tables)
    sources = [partner.source for partner in all_partners(tables)]
    expected = number_of_steps(sources, dry_run=dry_run)
    return new_job(Retention, petition.slug, owner, now, dry_run=dry_run, sources=sources, expected=expected)


def begin(job: Retention, petition: Petition, queue: Queue, tables: Tables) -> None:
    """Start the job. Before a real run, close the petition for good: from then on, its data counts as removed.

    After a crash between both, staff start another run.
    """
    if not job.dry_run and petition.emptied_at is None:
        revise(with_changes(petition, emptied_at=job.requested_at), tables)
    start(job, queue, tables)


def _require_due(petition: Petition, now: datetime) -> None:
    """A repeat is possible: a restored backup may have brought data back."""
    due_at = petition.data_due_at
    if not petition.is_kept_at(now):
        return
    if petition.retention_months is None:
        raise NotNow("First set after how many months personal data is removed.")
    if due_at is None:
        raise NotNow("This petition has not ended, so its personal data is not due to be removed.")
    if due_at <= now:
        raise NotNow(f"This petition is {petition.state_at(now)}. Close it before its personal data is removed.")
    raise NotNow(f"The personal data is due to be removed on {in_words(due_at)}, not before.")
