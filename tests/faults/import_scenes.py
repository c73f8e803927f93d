"""Scenes of imports. Faults in the middle of an import's work are in tests/partners/imports/test_run.py."""

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

from chalicelib.core import keys
from chalicelib.core.errors import Unavailable
from chalicelib.jobs.model import JobState
from chalicelib.partners.imports import worker
from chalicelib.partners.imports.model import Import
from chalicelib.partners.model import Counts
from tests.actors import NOW, Person, confirmed
from tests.fake_site import FakeSite, sqs_event
from tests.faults.scenes import PETITION, Scene, counted_right, has_status
from tests.faults.staff_scenes import bob_may_all, call, is_in_the_trail, read
from tests.importing import CSV, an_import, an_import_run, rows, run_stored_import
from tests.partnering import a_partner

OF_PETITION = f"/api/staff/petitions/{PETITION.slug}/imports"
UPLOADS = f"/api/staff/petitions/{PETITION.slug}/uploads"
NUMBER = f"{PETITION.slug}.20261124T120000Z-00000000"
ONE = f"{OF_PETITION}/{NUMBER}"


def bob_and_oak(fake_site: FakeSite) -> None:
    bob_may_all(fake_site)
    a_partner(fake_site.tables)


def an_import_that_waits(fake_site: FakeSite) -> None:
    """The second person of the file has signed here."""
    bob_and_oak(fake_site)
    confirmed(fake_site.tables, PETITION, Person("Somebody", "person2@mail.example"))
    fake_site.job = waiting(fake_site)  # type: ignore[attr-defined]


def waiting(fake_site: FakeSite) -> Import:
    return an_import(fake_site.tables, fake_site.bucket, a_partner(fake_site.tables), CSV + rows(1, 2))


def an_import_that_is_done(fake_site: FakeSite) -> None:
    bob_and_oak(fake_site)
    fake_site.tables.put(keys.job("import", NUMBER), done().model_dump(exclude_none=True))


def done() -> Import:
    fields = {"requested_by": "bob", "requested_at": NOW, "touched_at": NOW, "state": "done", "partner": "partner-oak"}
    return Import.model_validate({"job_id": NUMBER, **fields})


def an_undo_that_waits(fake_site: FakeSite) -> None:
    """The rows of the import are imported."""
    bob_and_oak(fake_site)
    job, oak = waiting(fake_site), a_partner(fake_site.tables)
    with TemporaryDirectory() as folder:
        run_stored_import(job, an_import_run(fake_site.tables, fake_site.bucket, PETITION, oak, job, Path(folder)))
    fake_site.job = an_import(fake_site.tables, fake_site.bucket, oak, "", undoes=job.job_id)  # type: ignore[attr-defined]


def an_undo_of_people_whom_another_partner_sent_too(fake_site: FakeSite) -> None:
    bob_and_oak(fake_site)
    oak, elm = a_partner(fake_site.tables), a_partner(fake_site.tables, source="partner-elm")
    for partner in (oak, elm):
        job = an_import(fake_site.tables, fake_site.bucket, partner, CSV + rows(1, 2))
        with TemporaryDirectory() as folder:
            run_stored_import(
                job, an_import_run(fake_site.tables, fake_site.bucket, PETITION, partner, job, Path(folder))
            )
    fake_site.job = an_import(fake_site.tables, fake_site.bucket, elm, "", undoes=job.job_id)  # type: ignore[attr-defined]


def an_import_after_an_undo(fake_site: FakeSite) -> None:
    """Its people are withdrawn, because their first import was undone."""
    an_undo_that_waits(fake_site)
    oak, job = a_partner(fake_site.tables), fake_site.job  # type: ignore[attr-defined]
    with TemporaryDirectory() as folder:
        run_stored_import(job, an_import_run(fake_site.tables, fake_site.bucket, PETITION, oak, job, Path(folder)))
    fake_site.job = waiting(fake_site)  # type: ignore[attr-defined]


def an_undo_of_people_who_wait_for_our_email(fake_site: FakeSite) -> None:
    bob_and_oak(fake_site)
    elm = a_partner(fake_site.tables, Counts.AFTER_EMAIL, "partner-elm")
    job = an_import(fake_site.tables, fake_site.bucket, elm, CSV + rows(1, 2))
    with TemporaryDirectory() as folder:
        run_stored_import(job, an_import_run(fake_site.tables, fake_site.bucket, PETITION, elm, job, Path(folder)))
    fake_site.job = an_import(fake_site.tables, fake_site.bucket, elm, "", undoes=job.job_id)  # type: ignore[attr-defined]


def the_same_file_again(fake_site: FakeSite) -> None:
    bob_and_oak(fake_site)
    oak, job = a_partner(fake_site.tables), waiting(fake_site)
    with TemporaryDirectory() as folder:
        run_stored_import(job, an_import_run(fake_site.tables, fake_site.bucket, PETITION, oak, job, Path(folder)))
    fake_site.job = waiting(fake_site)  # type: ignore[attr-defined]


def an_undo_of_the_same_file_again(fake_site: FakeSite) -> None:
    the_same_file_again(fake_site)
    oak, job = a_partner(fake_site.tables), fake_site.job  # type: ignore[attr-defined]
    with TemporaryDirectory() as folder:
        run_stored_import(job, an_import_run(fake_site.tables, fake_site.bucket, PETITION, oak, job, Path(folder)))
    fake_site.job = an_import(fake_site.tables, fake_site.bucket, oak, "", undoes=job.job_id)  # type: ignore[attr-defined]


def start_import(fake_site: FakeSite) -> bool:
    """Start an import. 409 is good too: the first request took effect, and the import runs."""
    headers = {"Authorization": f"Bearer {fake_site.bob}", "Content-Type": "text/csv"}  # type: ignore[attr-defined]
    path = f"{OF_PETITION}?partner=partner-oak"
    try:
        answer = fake_site.client.http.request("POST", path, headers=headers, body=CSV.encode())
    except Unavailable:
        return False  # Raised by the authorizer; API Gateway answers 503.
    return answer.status_code == 409 or has_status(answer, 202)


def undo_import(fake_site: FakeSite) -> bool:
    try:
        return call("POST", f"{ONE}/undo", 202, None, fake_site)
    except AssertionError:
        return call("POST", f"{ONE}/undo", 409, None, fake_site)


def run_job(fake_site: FakeSite) -> bool:
    """Deliver the job's message and return whether the job is done."""
    left = SimpleNamespace(aws_request_id="r", get_remaining_time_in_millis=lambda: 900_000)
    message = {"job_id": fake_site.job.job_id}  # type: ignore[attr-defined]
    sent = len(fake_site.imports.messages)
    if worker.run_import(sqs_event([message]), left)["batchItemFailures"] or len(fake_site.imports.messages) > sent:
        return False  # The import continues with the same message, or with the new one.
    state = fake_site.tables.items[keys.job("import", fake_site.job.job_id)]["state"]  # type: ignore[attr-defined]
    return bool(state == JobState.DONE)


def have_signed(number: int, fake_site: FakeSite) -> None:
    counted_right(fake_site)
    people = [item for key, item in fake_site.tables.items.items() if key.table == keys.SIGNATURES]
    assert sum(item["state"] == "confirmed" for item in people) == number
    assert not fake_site.bucket.objects


def is_cancelled(fake_site: FakeSite) -> None:
    is_in_the_trail("import.cancelled", fake_site)
    assert fake_site.tables.items[keys.job("import", NUMBER)]["state"] == JobState.CANCELLED


IMPORT_SCENES = [
    Scene("start_import", bob_and_oak, start_import, partial(is_in_the_trail, "import.started")),
    Scene("offer_upload", bob_and_oak, partial(call, "POST", UPLOADS, 201, None),
          partial(is_in_the_trail, "upload.offered")),
    Scene("list_imports", an_import_that_is_done, partial(read, OF_PETITION), counted_right),
    Scene("read_import", an_import_that_is_done, partial(read, ONE), counted_right),
    Scene("cancel_import", an_import_that_waits, partial(call, "DELETE", ONE, 200, None), is_cancelled),
    Scene("undo_import", an_import_that_is_done, undo_import, partial(is_in_the_trail, "import.undone")),
    Scene("run_import", an_import_that_waits, run_job, partial(have_signed, 2)),
    Scene("run_import", an_undo_that_waits, run_job, partial(have_signed, 0)),
    Scene("run_import", an_undo_of_people_whom_another_partner_sent_too, run_job, partial(have_signed, 2)),
    Scene("run_import", an_import_after_an_undo, run_job, partial(have_signed, 2)),
    Scene("run_import", the_same_file_again, run_job, partial(have_signed, 2)),
    Scene("run_import", an_undo_of_the_same_file_again, run_job, partial(have_signed, 2)),
    Scene("run_import", an_undo_of_people_who_wait_for_our_email, run_job, partial(have_signed, 0)),
]  # fmt: skip
