"""Scenes of imports. Faults in the middle of an import's work are in tests/partners/imports/test_run.py."""

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from chalicelib.core import keys
from chalicelib.core.errors import Unavailable
from chalicelib.jobs.model import JobState
from chalicelib.partners.imports.model import Import
from chalicelib.partners.model import CountsWhen, Partner
from chalicelib.runner.worker import run_address_job
from tests.actors import NOW, Person, confirmed, signed
from tests.fake_site import FakeSite, context, sqs_event
from tests.faults.partner_scenes import with_bob_and_oak
from tests.faults.scenes import PETITION, Scene, assert_exact_counts, has_status
from tests.faults.staff_scenes import assert_audit_entry, call, read
from tests.importing import CSV, an_import, an_import_run, rows, run_stored_import
from tests.partnering import a_partner

IMPORTS_URL = f"/api/staff/petitions/{PETITION.slug}/imports"
IMPORT_ID = f"{PETITION.slug}.20261124T120000Z-00000000"
IMPORT_URL = f"{IMPORTS_URL}/{IMPORT_ID}"


def with_a_waiting_import(fake_site: FakeSite) -> None:
    """The second person in the file has signed here already."""
    with_bob_and_oak(fake_site)
    confirmed(fake_site.tables, PETITION, Person("Somebody", "person2@mail.example"))
    fake_site.scene_state.import_job = store_waiting_import(fake_site)


def store_waiting_import(fake_site: FakeSite) -> Import:
    return an_import(fake_site.tables, fake_site.bucket, a_partner(fake_site.tables), CSV + rows(1, 2))


def finish_import(job: Import, partner: Partner, fake_site: FakeSite) -> None:
    with TemporaryDirectory() as folder:
        work = an_import_run(fake_site.tables, fake_site.bucket, PETITION, partner, job, Path(folder))
        run_stored_import(job, work)


def with_a_finished_import(fake_site: FakeSite) -> None:
    with_bob_and_oak(fake_site)
    fake_site.tables.put(keys.job("import", IMPORT_ID), a_finished_import().model_dump(exclude_none=True))


def a_finished_import() -> Import:
    fields = {"job_id": IMPORT_ID, "requested_by": "bob", "requested_at": NOW, "touched_at": NOW}
    return Import.model_validate({**fields, "state": "done", "partner": "partner-oak"})


def with_a_waiting_undo(fake_site: FakeSite) -> None:
    """The import to undo has run."""
    with_bob_and_oak(fake_site)
    job, oak = store_waiting_import(fake_site), a_partner(fake_site.tables)
    finish_import(job, oak, fake_site)
    fake_site.scene_state.import_job = an_import(fake_site.tables, fake_site.bucket, oak, "", undoes=job.job_id)


def with_an_undo_of_people_whom_another_partner_sent_too(fake_site: FakeSite) -> None:
    with_bob_and_oak(fake_site)
    oak, elm = a_partner(fake_site.tables), a_partner(fake_site.tables, source="partner-elm")
    for partner in (oak, elm):
        job = an_import(fake_site.tables, fake_site.bucket, partner, CSV + rows(1, 2))
        finish_import(job, partner, fake_site)
    fake_site.scene_state.import_job = an_import(fake_site.tables, fake_site.bucket, elm, "", undoes=job.job_id)


def with_an_import_after_an_undo(fake_site: FakeSite) -> None:
    """The people of the import are withdrawn, because their first import was undone."""
    with_a_waiting_undo(fake_site)
    oak, job = a_partner(fake_site.tables), fake_site.scene_state.import_job
    finish_import(job, oak, fake_site)
    fake_site.scene_state.import_job = store_waiting_import(fake_site)


def with_an_undo_of_people_who_wait_for_our_email(fake_site: FakeSite) -> None:
    with_bob_and_oak(fake_site)
    elm = a_partner(fake_site.tables, CountsWhen.AFTER_EMAIL, "partner-elm")
    job = an_import(fake_site.tables, fake_site.bucket, elm, CSV + rows(1, 2))
    finish_import(job, elm, fake_site)
    fake_site.scene_state.import_job = an_import(fake_site.tables, fake_site.bucket, elm, "", undoes=job.job_id)


def with_a_waiting_dry_run(fake_site: FakeSite) -> None:
    with_bob_and_oak(fake_site)
    oak = a_partner(fake_site.tables)
    fake_site.scene_state.import_job = an_import(
        fake_site.tables, fake_site.bucket, oak, CSV + rows(1, 1), dry_run=True
    )


def with_a_finished_dry_run(fake_site: FakeSite) -> None:
    with_a_waiting_dry_run(fake_site)
    finish_import(fake_site.scene_state.import_job, a_partner(fake_site.tables), fake_site)


def with_an_undo_of_a_person_who_signed_here_and_has_not_confirmed(fake_site: FakeSite) -> None:
    signed(fake_site.tables, PETITION, Person("Somebody", "person2@mail.example"))
    with_a_waiting_undo(fake_site)


def with_the_same_file_again(fake_site: FakeSite) -> None:
    with_bob_and_oak(fake_site)
    oak, job = a_partner(fake_site.tables), store_waiting_import(fake_site)
    finish_import(job, oak, fake_site)
    fake_site.scene_state.import_job = store_waiting_import(fake_site)


def with_an_undo_of_the_same_file_again(fake_site: FakeSite) -> None:
    with_the_same_file_again(fake_site)
    oak, job = a_partner(fake_site.tables), fake_site.scene_state.import_job
    finish_import(job, oak, fake_site)
    fake_site.scene_state.import_job = an_import(fake_site.tables, fake_site.bucket, oak, "", undoes=job.job_id)


def start_import(fake_site: FakeSite) -> bool:
    """Start an import. 409 is a success too: the first request took effect, and the import runs."""
    headers = {"Authorization": f"Bearer {fake_site.scene_state.bobs_token}", "Content-Type": "text/csv"}
    path = f"{IMPORTS_URL}?partner=partner-oak"
    try:
        answer = fake_site.client.http.request("POST", path, headers=headers, body=CSV.encode())
    except Unavailable:
        return False  # Raised by the authorizer; API Gateway answers 503.
    return answer.status_code == 409 or has_status(answer, 202)


def undo_import(fake_site: FakeSite) -> bool:
    try:
        return call("POST", f"{IMPORT_URL}/undo", 202, None, fake_site)
    except AssertionError:
        return call("POST", f"{IMPORT_URL}/undo", 409, None, fake_site)


def run_import(fake_site: FakeSite) -> bool:
    """Deliver the job's message and return whether the job is done."""
    message = {"kind": "import", "job_id": fake_site.scene_state.import_job.job_id}
    sent = len(fake_site.address_jobs.messages)
    answer = run_address_job(sqs_event([message]), context())
    has_new_message = len(fake_site.address_jobs.messages) > sent
    if answer["batchItemFailures"] or has_new_message:
        return False  # The import continues with the same message, or with the new one.
    item = fake_site.tables.items[keys.job("import", fake_site.scene_state.import_job.job_id)]
    return bool(item["state"] == JobState.DONE)


def assert_confirmed_people(number: int, fake_site: FakeSite) -> None:
    assert_exact_counts(fake_site)
    people = [item for key, item in fake_site.tables.items.items() if key.table == keys.SIGNATURES]
    assert sum(item["state"] == "confirmed" for item in people) == number
    assert not fake_site.bucket.objects


def assert_dry_run_kept_only_its_first_rows(fake_site: FakeSite) -> None:
    assert_exact_counts(fake_site)
    job = fake_site.scene_state.import_job
    item = fake_site.tables.items[keys.job("import", job.job_id)]
    assert (item["accepted"], item["existing"]) == (1, 1)
    assert [*fake_site.bucket.objects] == [f"imports/{job.job_id}/first-rows"]


def assert_import_is_cancelled(fake_site: FakeSite) -> None:
    assert_audit_entry("import.cancelled", fake_site)
    assert fake_site.tables.items[keys.job("import", IMPORT_ID)]["state"] == JobState.CANCELLED


IMPORT_SCENES = [
    Scene("start_import", with_bob_and_oak, start_import, partial(assert_audit_entry, "import.started")),
    Scene("read_import", with_a_finished_import, partial(read, IMPORT_URL), assert_exact_counts),
    Scene("cancel_import", with_a_waiting_import, partial(call, "DELETE", IMPORT_URL, 200, None),
          assert_import_is_cancelled),
    Scene("undo_import", with_a_finished_import, undo_import, partial(assert_audit_entry, "import.undone")),
    Scene("run_address_job", with_a_waiting_import, run_import, partial(assert_confirmed_people, 2)),
    Scene("read_import", with_a_finished_dry_run, partial(read, IMPORT_URL), assert_dry_run_kept_only_its_first_rows),
    Scene("run_address_job", with_a_waiting_dry_run, run_import, assert_dry_run_kept_only_its_first_rows),
    Scene("run_address_job", with_a_waiting_undo, run_import, partial(assert_confirmed_people, 0)),
    Scene("run_address_job", with_an_undo_of_people_whom_another_partner_sent_too, run_import,
          partial(assert_confirmed_people, 2)),
    Scene("run_address_job", with_an_import_after_an_undo, run_import, partial(assert_confirmed_people, 2)),
    Scene("run_address_job", with_the_same_file_again, run_import, partial(assert_confirmed_people, 2)),
    Scene("run_address_job", with_an_undo_of_the_same_file_again, run_import, partial(assert_confirmed_people, 2)),
    Scene("run_address_job", with_an_undo_of_a_person_who_signed_here_and_has_not_confirmed, run_import,
          partial(assert_confirmed_people, 0)),
    Scene("run_address_job", with_an_undo_of_people_who_wait_for_our_email, run_import,
          partial(assert_confirmed_people, 0)),
]  # fmt: skip
