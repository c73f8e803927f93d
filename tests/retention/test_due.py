"""Once personal data is due to be removed, no entrance uses it, also before anybody has removed it."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.core import keys
from chalicelib.core.caching import forget_all
from chalicelib.core.letter_keys import letter_delivery
from chalicelib.core.rights import Right
from chalicelib.core.settings import settings
from chalicelib.core.times import iso
from chalicelib.core.tokens import Purpose, issue
from chalicelib.jobs.model import JobState
from chalicelib.letters.kinds import letter_email
from chalicelib.mail.kind import Content
from chalicelib.mail.signature_kinds import SIGNATURE_KINDS
from chalicelib.partners.register import find_partner
from chalicelib.petitions.model import Petition
from chalicelib.removals.model import RemovalAction
from chalicelib.runner.worker import run_address_job, run_job
from chalicelib.signatures.model import MailKind
from chalicelib.updates.find import add_update
from chalicelib.updates.kinds import delivery_key, update_email
from chalicelib.updates.model import UpdateState
from tests.actors import (
    ALICE,
    BOB,
    CHARLIE,
    DAY,
    MINUTE,
    NOW,
    a_mail_context,
    bobs_token,
    identity_of,
    item_of,
    key_of,
    subject_of,
)
from tests.asking import ask
from tests.exporting import a_result, an_export, store_export
from tests.exports.subscribers.listing import RECIPIENT, a_list
from tests.fake_site import FakeSite, context, sqs_event
from tests.importing import an_import
from tests.letters.lettering import TARGET
from tests.reminders.reminding import store_reminding
from tests.removals.removing import store_removal
from tests.retention.retaining import DUE, a_full_petition
from tests.updates.sending import an_update
from tests.updates.test_audience import project_all

# Returns whether personal data comes out.
Entrance = Callable[[FakeSite, Petition], bool]
BASE = "/api/staff/petitions/safe-children"


def answer(fake_site: FakeSite, method: str, path: str, body: object = None) -> Any:
    return ask(fake_site, bobs_token(fake_site.tables, fake_site.clock(), *Right), method, path, body)


def an_export_is_requested(fake_site: FakeSite, _: Petition) -> bool:
    return bool(answer(fake_site, "POST", f"{BASE}/exports", {"columns": ["name"]}).status_code == 202)


def an_export_goes_on(**progress: Any) -> Entrance:
    def entrance(fake_site: FakeSite, _: Petition) -> bool:
        now = fake_site.clock()
        job = store_export(fake_site.tables, an_export(requested_at=now, touched_at=now, **progress))
        run_job(sqs_event([{"kind": "export", "job_id": job.job_id}]), context())
        ended = fake_site.tables.items[keys.job("export", job.job_id)]
        return bool(ended["processed"] or ended["state"] == JobState.DONE)

    return entrance


def an_exported_file_is_downloaded(fake_site: FakeSite, _: Petition) -> bool:
    job = an_export(state=JobState.DONE, result=a_result(), requested_at=fake_site.clock() - DAY)
    store_export(fake_site.tables, job)
    return bool(answer(fake_site, "GET", f"/api/staff/exports/{job.job_id}/file").status_code == 200)


def a_list_is_requested(fake_site: FakeSite, _: Petition) -> bool:
    return bool(answer(fake_site, "POST", f"{BASE}/lists", {"recipient": RECIPIENT}).status_code == 202)


def list_state(fake_site: FakeSite) -> tuple[str, str]:
    job, now = a_list(fake_site.tables), iso(fake_site.clock())
    fake_site.tables.items[keys.job("list", job.job_id)] |= {"requested_at": now, "touched_at": now}
    run_address_job(sqs_event([{"kind": "list", "job_id": job.job_id}]), context())
    return job.job_id, fake_site.tables.items[keys.job("list", job.job_id)]["state"]


def a_list_goes_on(fake_site: FakeSite, _: Petition) -> bool:
    return bool(list_state(fake_site)[1] == JobState.DONE)


def a_list_is_downloaded(fake_site: FakeSite, _: Petition) -> bool:
    """It was finished a day before."""
    fake_site.clock.forward(-DAY)
    job_id, _state = list_state(fake_site)
    fake_site.clock.forward(DAY)
    return bool(answer(fake_site, "GET", f"/api/staff/lists/{job_id}/file").status_code == 200)


def an_update_has_an_audience(fake_site: FakeSite, petition: Petition) -> bool:
    project_all(fake_site, petition, [identity_of(petition)])
    add_update(an_update(), fake_site.tables)
    return bool(answer(fake_site, "GET", f"{BASE}/updates/a1/audience").json_body["people"])


def an_update_is_emailed(fake_site: FakeSite, petition: Petition) -> bool:
    add_update(an_update(state=UpdateState.SENDING), fake_site.tables)
    return is_composed(update_email, delivery_key(petition.slug, "a1", identity_of(petition)), {}, fake_site)


def is_composed(compose: Callable[..., object], key: str, stored: dict[str, Any], fake_site: FakeSite) -> bool:
    return isinstance(compose(key, stored, a_mail_context(), fake_site.clock(), fake_site.tables), Content)


def a_letter_is_emailed(fake_site: FakeSite, petition: Petition) -> bool:
    key = letter_delivery(petition.slug, TARGET["key"], identity_of(petition))
    return is_composed(letter_email, key, {"mail_requested_at": iso(NOW)}, fake_site)


def a_signature_is_emailed(kind: MailKind) -> Entrance:
    def entrance(fake_site: FakeSite, petition: Petition) -> bool:
        stored = item_of(fake_site.tables, petition, identity_of(petition))
        return is_composed(SIGNATURE_KINDS[kind].contents, f"{petition.slug}_{stored['sk']}", stored, fake_site)

    return entrance


def staff_find_a_person(fake_site: FakeSite, _: Petition) -> bool:
    found = answer(fake_site, "POST", "/api/staff/people/find", {"email": ALICE.email}).json_body
    assert found["signatures"], "the signature itself is found"
    return ALICE.name in f"{found}"


def a_person_gets_their_file(verb: str) -> Entrance:
    def entrance(fake_site: FakeSite, petition: Petition) -> bool:
        path = f"/api/staff/people/safe-children/{identity_of(petition)}/{verb}"
        text = f"{answer(fake_site, 'POST', path).json_body}"
        return any(personal in text for personal in (ALICE.name, ALICE.email, "SW1A", "neighbour"))

    return entrance


def staff_send_an_email_again(fake_site: FakeSite, petition: Petition) -> bool:
    path = f"/api/staff/people/safe-children/{identity_of(petition, BOB)}/resend"
    return bool(answer(fake_site, "POST", path).json_body["mail"])


def signatures_are_sifted_by_their_addresses(fake_site: FakeSite, _: Petition) -> bool:
    now = fake_site.clock()
    times = {"requested_at": now, "touched_at": now}
    job = store_removal(fake_site.tables, state=JobState.WAITING, action=RemovalAction.TRY, **times)
    run_address_job(sqs_event([{"kind": "removal", "job_id": job.job_id}]), context())
    return bool(fake_site.tables.items[keys.job("removal", job.job_id)]["processed"])


def an_import_is_undone(fake_site: FakeSite, _: Petition) -> bool:
    oak = find_partner("partner-oak", fake_site.tables)
    job = an_import(fake_site.tables, fake_site.bucket, oak, "", state=JobState.DONE)
    return bool(answer(fake_site, "POST", f"{BASE}/imports/{job.job_id}/undo").status_code == 202)


def people_are_reminded(fake_site: FakeSite, petition: Petition) -> bool:
    charlies = key_of(petition, identity_of(petition, CHARLIE))
    del fake_site.tables.items[charlies]["mail_kind"]
    fake_site.tables.items[charlies]["mailed_at"] = iso(NOW - 2 * DAY)
    job = store_reminding(fake_site.tables, requested_at=fake_site.clock(), touched_at=fake_site.clock())
    run_job(sqs_event([{"kind": "reminding", "job_id": job.job_id}]), context())
    return bool(fake_site.tables.items[keys.job("reminding", job.job_id)]["processed"])


def an_owner_corrects_a_name(fake_site: FakeSite, petition: Petition) -> bool:
    subject = subject_of(petition, identity_of(petition, CHARLIE))
    token = issue(Purpose.CONFIRM, subject, fake_site.clock() + DAY, settings().token_keys)
    fake_site.post_form(f"/confirm?token={token}", {"name": "Another Name"})
    stored = item_of(fake_site.tables, petition, identity_of(petition, CHARLIE))
    return bool(stored["name"] == "Another Name")


ENTRANCES: list[Entrance] = [
    an_export_is_requested, an_export_goes_on(), an_export_goes_on(parts=[""] * len(keys.BUCKETS), expected=0),
    an_exported_file_is_downloaded, a_list_is_requested, a_list_goes_on, a_list_is_downloaded,
    an_update_has_an_audience, an_update_is_emailed, a_letter_is_emailed,
    a_signature_is_emailed(MailKind.ALREADY_SIGNED), a_signature_is_emailed(MailKind.RECEIPT), staff_find_a_person,
    a_person_gets_their_file("access"), a_person_gets_their_file("file"), staff_send_an_email_again,
    signatures_are_sifted_by_their_addresses, an_import_is_undone, people_are_reminded, an_owner_corrects_a_name,
]  # fmt: skip


@pytest.fixture(autouse=True)
def _blank_pdfs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.exports.run.cover_sheet", lambda _: b"%PDF")
    monkeypatch.setattr("chalicelib.people.api.file_sheet", lambda *_: b"%PDF")


@pytest.mark.parametrize("entrance", ENTRANCES)
@pytest.mark.parametrize("is_due", [False, True])
def test_no_entrance_uses_what_is_due(fake_site: FakeSite, entrance: Entrance, is_due: bool) -> None:
    petition = a_full_petition(fake_site)
    fake_site.clock.moment = DUE if is_due else NOW + 2 * MINUTE
    forget_all()
    assert entrance(fake_site, petition) is not is_due
