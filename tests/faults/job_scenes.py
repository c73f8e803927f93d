"""Scenes of jobs: exports, lists of the people who asked for updates, and imports."""

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from chalicelib.core import keys
from chalicelib.core.caching import forget_all
from chalicelib.jobs.model import JobState
from chalicelib.jobs.request import cancel
from chalicelib.partners.imports.model import Import
from chalicelib.partners.model import CountsWhen, Partner
from chalicelib.retention.run import FOLDERS, number_of_steps
from chalicelib.runner.worker import run_address_job, run_job
from tests.actors import ALICE, DAY, NOW, Person, confirmed
from tests.exporting import request_export
from tests.exports.subscribers.listing import a_list, rows as listed_rows, run_once
from tests.fake_site import FakeSite, context, sqs_event
from tests.faults.scenes import (
    PETITION,
    Scene,
    assert_bucket_is_empty,
    assert_exact_counts,
    with_past_days,
)
from tests.faults.staff_scenes import read
from tests.importing import CSV, an_import, an_import_run, rows, run_stored_import
from tests.partnering import a_partner
from tests.reminders.reminding import mailed, store_reminding
from tests.retention.retaining import store_retention


def with_a_requested_export(fake_site: FakeSite) -> None:
    with_past_days(fake_site)
    fake_site.scene_state.export = request_export(fake_site.tables, PETITION, fake_site.jobs, columns=["name"])


def with_an_export_cancelled_after_its_upload(fake_site: FakeSite) -> None:
    with_a_requested_export(fake_site)
    cancel(fake_site.scene_state.export, NOW, fake_site.tables)
    fake_site.bucket.objects[f"files/exports/{fake_site.scene_state.export.job_id}/signatures.csv"] = b""


def run_export_job(fake_site: FakeSite, end_state: JobState = JobState.DONE) -> bool:
    """Deliver the newest message and return whether the export ended in this state."""
    sent = len(fake_site.jobs.messages)
    answer = run_job(sqs_event(fake_site.jobs.messages[-1:]), context())
    if answer["batchItemFailures"]:
        return False
    if len(fake_site.jobs.messages) > sent:
        return False  # The export continues with the new message.
    item = fake_site.tables.items[keys.job("export", fake_site.scene_state.export.job_id)]
    return bool(item["state"] == end_state)


def assert_parts_are_deleted(fake_site: FakeSite) -> None:
    assert_exact_counts(fake_site)
    parts = [key for key in fake_site.bucket.objects if key.startswith("parts/")]
    assert parts == []


def with_a_second_requested_list(fake_site: FakeSite) -> None:
    """Alice was on the first list."""
    confirmed(fake_site.tables, PETITION, ALICE, updates=True)
    run_once(fake_site, a_list(fake_site.tables, 1))
    fake_site.scene_state.opt_in_list = a_list(fake_site.tables, 2)


def with_a_requested_list(fake_site: FakeSite) -> None:
    fake_site.scene_state.opt_in_list = a_list(fake_site.tables)


def with_a_list_cancelled_after_its_upload(fake_site: FakeSite) -> None:
    with_a_requested_list(fake_site)
    cancel(fake_site.scene_state.opt_in_list, NOW, fake_site.tables)
    job_id = fake_site.scene_state.opt_in_list.job_id
    for name in (f"files/lists/{job_id}/x/file", f"listed/{job_id}/00-x"):
        fake_site.bucket.objects[name] = b""


def run_list_job(fake_site: FakeSite) -> bool:
    """Deliver the job's message and return whether the list is done."""
    fake_site.scene_state.opt_in_list = run_once(fake_site, fake_site.scene_state.opt_in_list)
    return bool(fake_site.scene_state.opt_in_list.state == JobState.DONE)


def run_cancelled_job(fake_site: FakeSite) -> bool:
    """Deliver the message and return whether it needs no redelivery."""
    sent = len(fake_site.address_jobs.messages)
    message = {"kind": "list", "job_id": fake_site.scene_state.opt_in_list.job_id}
    answer = run_address_job(sqs_event([message]), context())
    return not answer["batchItemFailures"] and len(fake_site.address_jobs.messages) == sent


def postpone_job(fake_site: FakeSite) -> bool:
    run_once(fake_site, fake_site.scene_state.opt_in_list, seconds=1)
    return {"kind": "list", "job_id": fake_site.scene_state.opt_in_list.job_id} in fake_site.address_jobs.messages


def assert_alice_is_listed(fake_site: FakeSite) -> None:
    assert_exact_counts(fake_site)
    assert [row["email"] for row in listed_rows(fake_site, fake_site.scene_state.opt_in_list)] == [ALICE.email]


IMPORTS_URL = f"/api/staff/petitions/{PETITION.slug}/imports"
IMPORT_ID = f"{PETITION.slug}.20261124T120000Z-00000000"
IMPORT_URL = f"{IMPORTS_URL}/{IMPORT_ID}"


def with_a_waiting_import(fake_site: FakeSite) -> None:
    """The second person in the file has signed here already."""
    confirmed(fake_site.tables, PETITION, Person("Somebody", "person2@mail.example"))
    fake_site.scene_state.import_job = store_waiting_import(fake_site)


def store_waiting_import(fake_site: FakeSite) -> Import:
    return an_import(fake_site.tables, fake_site.bucket, a_partner(fake_site.tables), CSV + rows(1, 2))


def finish_import(job: Import, partner: Partner, fake_site: FakeSite) -> None:
    with TemporaryDirectory() as folder:
        work = an_import_run(fake_site.tables, fake_site.bucket, PETITION, partner, job, Path(folder))
        run_stored_import(job, work)


def with_a_waiting_undo(fake_site: FakeSite) -> None:
    """The import to undo has run."""
    finish_and_undo(store_waiting_import(fake_site), a_partner(fake_site.tables), fake_site)


def finish_and_undo(job: Import, partner: Partner, fake_site: FakeSite) -> None:
    """Run the import, and request its undo."""
    finish_import(job, partner, fake_site)
    fake_site.scene_state.import_job = an_import(fake_site.tables, fake_site.bucket, partner, "", undoes=job.job_id)


def with_an_import_after_an_undo(fake_site: FakeSite) -> None:
    """The people of the import are withdrawn, because their first import was undone."""
    with_a_waiting_undo(fake_site)
    finish_import(fake_site.scene_state.import_job, a_partner(fake_site.tables), fake_site)
    fake_site.scene_state.import_job = store_waiting_import(fake_site)


def with_an_undo_of_people_who_wait_for_our_email(fake_site: FakeSite) -> None:
    elm = a_partner(fake_site.tables, CountsWhen.AFTER_EMAIL, "partner-elm")
    job = an_import(fake_site.tables, fake_site.bucket, elm, CSV + rows(1, 2))
    finish_and_undo(job, elm, fake_site)


def with_a_waiting_dry_run(fake_site: FakeSite) -> None:
    oak = a_partner(fake_site.tables)
    fake_site.scene_state.import_job = an_import(
        fake_site.tables, fake_site.bucket, oak, CSV + rows(1, 1), dry_run=True
    )


def with_a_finished_dry_run(fake_site: FakeSite) -> None:
    with_a_waiting_dry_run(fake_site)
    finish_import(fake_site.scene_state.import_job, a_partner(fake_site.tables), fake_site)


def with_the_same_file_again(fake_site: FakeSite) -> None:
    finish_import(store_waiting_import(fake_site), a_partner(fake_site.tables), fake_site)
    fake_site.scene_state.import_job = store_waiting_import(fake_site)


def with_an_undo_of_the_same_file_again(fake_site: FakeSite) -> None:
    with_the_same_file_again(fake_site)
    finish_and_undo(fake_site.scene_state.import_job, a_partner(fake_site.tables), fake_site)


def run_import_job(fake_site: FakeSite) -> bool:
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


def with_reminders_on(fake_site: FakeSite) -> None:
    """Alice has not confirmed."""
    mailed(fake_site.tables, PETITION)
    fake_site.scene_state.reminding = store_reminding(fake_site.tables)


def run_reminding_job(fake_site: FakeSite) -> bool:
    """Deliver the job's message and return whether the walk is over and the job rests."""
    job_id = fake_site.scene_state.reminding.job_id
    answer = run_job(sqs_event([{"kind": "reminding", "job_id": job_id}]), context())
    return not answer["batchItemFailures"] and "rests_until" in fake_site.tables.items[keys.job("reminding", job_id)]


def assert_alice_is_reminded_once(fake_site: FakeSite) -> None:
    assert_exact_counts(fake_site)
    [alice] = [item for key, item in fake_site.tables.items.items() if key.table == keys.SIGNATURES]
    assert alice["mail_kind"] == "reminder"


ENDED = {"opened_at": NOW - 99 * DAY, "closes_at": NOW - 60 * DAY, "retention_months": 1}


def with_an_ended_petition(fake_site: FakeSite) -> None:
    """Alice confirmed, and a file and a partner's receipt are about her."""
    identity = confirmed(fake_site.tables, PETITION, ALICE)
    receipt = {"digest": "ab" * 16, "signature_id": identity, "job_id": "safe-children.1"}
    fake_site.tables.put(keys.receipt(PETITION.slug, "partner-oak", "ab" * 16), receipt)
    for folder in FOLDERS:
        fake_site.bucket.objects[f"{folder}/safe-children.1/file"] = b"Alice"
    petition = PETITION.model_copy(update=ENDED)
    fake_site.tables.items[keys.petition(petition.slug)] |= petition.model_dump(include={*ENDED})
    forget_all()


def with_a_retention_run(fake_site: FakeSite) -> None:
    with_an_ended_petition(fake_site)
    expected = number_of_steps(["partner-oak"], dry_run=False)
    fake_site.scene_state.retention = store_retention(fake_site.tables, sources=["partner-oak"], expected=expected)


def run_retention_job(fake_site: FakeSite) -> bool:
    job_id = fake_site.scene_state.retention.job_id
    answer = run_job(sqs_event([{"kind": "retention", "job_id": job_id}]), context())
    stored = fake_site.tables.items[keys.job("retention", job_id)]
    return not answer["batchItemFailures"] and stored["state"] == JobState.DONE


def assert_alice_is_emptied(fake_site: FakeSite) -> None:
    assert_exact_counts(fake_site)
    assert_bucket_is_empty(fake_site)
    [alice] = [item for key, item in fake_site.tables.items.items() if key.table == keys.SIGNATURES]
    assert alice["emptied_at"]
    assert not {"name", "email", "postcode"} & alice.keys()
    job = fake_site.tables.items[keys.job("retention", fake_site.scene_state.retention.job_id)]
    assert (job["found"]["names"], job["found"]["receipts"], job["emptied"]) == (1, 1, 1)


SCENES = [
    Scene("run_job", with_a_retention_run, run_retention_job, assert_alice_is_emptied),
    Scene("run_job", with_reminders_on, run_reminding_job, assert_alice_is_reminded_once),
    Scene("run_job", with_a_requested_export, run_export_job, assert_parts_are_deleted),
    Scene("run_job", with_an_export_cancelled_after_its_upload,
          partial(run_export_job, end_state=JobState.CANCELLED), assert_bucket_is_empty),
    Scene("run_address_job", with_a_second_requested_list, run_list_job, assert_alice_is_listed),
    Scene("run_address_job", with_a_second_requested_list, postpone_job, assert_exact_counts),
    Scene("run_address_job", with_a_list_cancelled_after_its_upload, run_cancelled_job, assert_bucket_is_empty),
    Scene("run_address_job", with_a_waiting_import, run_import_job, partial(assert_confirmed_people, 2)),
    Scene("read_import", with_a_finished_dry_run, partial(read, IMPORT_URL), assert_dry_run_kept_only_its_first_rows),
    Scene("run_address_job", with_a_waiting_dry_run, run_import_job, assert_dry_run_kept_only_its_first_rows),
    Scene("run_address_job", with_a_waiting_undo, run_import_job, partial(assert_confirmed_people, 0)),
    Scene("run_address_job", with_an_import_after_an_undo, run_import_job, partial(assert_confirmed_people, 2)),
    Scene("run_address_job", with_the_same_file_again, run_import_job, partial(assert_confirmed_people, 2)),
    Scene("run_address_job", with_an_undo_of_the_same_file_again, run_import_job, partial(assert_confirmed_people, 2)),
    Scene("run_address_job", with_an_undo_of_people_who_wait_for_our_email, run_import_job,
          partial(assert_confirmed_people, 0)),
]  # fmt: skip
