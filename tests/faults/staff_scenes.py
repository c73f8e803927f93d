"""Scenes of staff's actions, of one person's data, of statements, and of signing in."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from chalicelib.core import keys
from chalicelib.jobs.model import new_job
from chalicelib.jobs.request import start
from chalicelib.partners.form import read_signature
from chalicelib.partners.receive import take_each
from chalicelib.petitions.edit import versions
from chalicelib.petitions.find import petition_as_stored
from chalicelib.petitions.form import EDITABLE
from chalicelib.petitions.model import PetitionState
from chalicelib.projections.funnel import Stage, stage_counts_by_day, totals
from chalicelib.staff.audit.record import entries
from chalicelib.tallies.count import exact_count
from chalicelib.tallies.model import TallyDimension
from chalicelib.tallies.prove import COUNT, DAYS, HOURS, SumName, adjust, last_adjusted
from chalicelib.updates.find import add_update
from chalicelib.updates.model import Mailing, UpdateState
from tests.actors import ALICE, DAY, NOW, a_petition, item_of
from tests.fake_site import FakeSite
from tests.fakes import FakeQueue
from tests.faults.public_scenes import assert_email_is_allowed, with_email_to_alice_stopped
from tests.faults.scenes import (
    KEY,
    PETITION,
    Act,
    Scene,
    assert_alices_state,
    assert_exact_counts,
    has_status,
    invoke_route,
    nothing,
    request_with,
    with_alice_confirmed,
    with_alice_pending,
    with_alice_taken_back,
)
from tests.located import give_table
from tests.partnering import a_partner, a_receiving_context, sent_of
from tests.signatures.test_erase import ERASED_ATTRIBUTES
from tests.signin.fake_provider import run_provider
from tests.signin.test_api import SESSION_BODY
from tests.updates.sending import an_update


def with_every_problem(fake_site: FakeSite) -> None:
    """An update has paused, and a count was adjusted twice. The second adjustment undoes the first."""
    add_update(an_update(state=UpdateState.PAUSED), fake_site.tables)
    start(new_job(Mailing, PETITION.slug, "bob", NOW, update_id="a1"), FakeQueue(), fake_site.tables)
    for seconds, drift in ((2, 1), (1, -1)):
        sums = {
            COUNT: drift,
            DAYS: drift,
            HOURS: drift,
            SumName(TallyDimension.COUNTRY, "GB"): drift,
            SumName(TallyDimension.SOURCE, "direct"): drift,
        }
        last = last_adjusted(PETITION.slug, fake_site.tables)
        adjust(PETITION.slug, sums, NOW - timedelta(seconds=seconds), fake_site.tables, last)


def request_as_bob(method: str, path: str, body: object, fake_site: FakeSite, **headers: str) -> Any:
    token = fake_site.scene_state.bobs_token
    return request_with(token, method, path, json.dumps(body).encode(), fake_site, **headers)


def call(method: str, path: str, success: int, body: object, fake_site: FakeSite, *, done: int | None = None) -> bool:
    """Make a staff request and return whether it succeeded. `done`: the status if an earlier request took effect."""
    return has_status(request_as_bob(method, path, body, fake_site), success, done or success)


def read(path: str, fake_site: FakeSite) -> bool:
    return call("GET", path, 200, None, fake_site)


def read_constituencies(fake_site: FakeSite) -> bool:
    """Read the counts by constituency, with a table of constituencies."""
    with pytest.MonkeyPatch.context() as patch:
        give_table(patch)
        return read("/api/staff/petitions/safe-children/counts?by=constituency", fake_site)


def assert_audit_entry(action: str, fake_site: FakeSite) -> None:
    found = entries(NOW - DAY, NOW + DAY, fake_site.tables)
    assert action in {entry.action.name for entry in found}


def assert_audit_entry_of_refusal(action: str, fake_site: FakeSite) -> None:
    """Assert that an entry of this action has the reason of a refusal. A retry after an outage makes another entry."""
    found = entries(NOW - DAY, NOW + DAY, fake_site.tables)
    assert any(entry.action.name == action and entry.refused for entry in found)


def assert_petition_is_complete(fake_site: FakeSite) -> None:
    """Assert that the petition is complete, and that the version of its text is stored."""
    assert_exact_counts(fake_site)
    petition = petition_as_stored("safe-children", fake_site.tables)
    assert petition.version in {text.version for text in versions(petition, fake_site.tables)}


def change_petition(method: str, path: str, body: object, fake_site: FakeSite) -> bool:
    """Change the petition and return whether it succeeded. 409 on a retry means that it is already changed."""
    return has_status(request_as_bob(method, path, body, fake_site, **{"If-Match": "*"}), 200, 409)


def assert_new_petition_is_complete(fake_site: FakeSite) -> None:
    petition = petition_as_stored("new", fake_site.tables)
    assert (petition.revision, petition.state) == (1, PetitionState.DRAFT)
    assert exact_count(petition, NOW, fake_site.tables).confirmed == 0
    assert len(versions(petition, fake_site.tables)) == 1


PETITIONS_URL = "/api/staff/petitions"
PETITION_URL = f"{PETITIONS_URL}/safe-children"
PETITION_FIELDS = a_petition().model_dump(include={*EDITABLE}, exclude={"opened_at", "closes_at"})


def with_a_funnel_of_past_days(fake_site: FakeSite) -> None:
    """The funnel has past days, which the next reader closes."""
    for bucket in (keys.BUCKETS[0], keys.BUCKETS[-1]):
        key = keys.funnel("safe-children", bucket, (NOW - 4 * DAY).date())
        fake_site.tables.put(key, {"r13": 2, "projected_to": "1"})


def assert_stages_are_counted_once(fake_site: FakeSite) -> None:
    for _ in range(2):
        petition = petition_as_stored("safe-children", fake_site.tables)
        counts = stage_counts_by_day(petition, NOW, fake_site.tables)
        assert totals(counts) == {Stage.RECEIVED: 4}


PERSON_URL = f"/api/staff/people/{PETITION.slug}/{KEY.sk}"


@contextmanager
def surroundings(patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run a sign-in provider, and replace slow parts that make no further kind of AWS call."""
    # Typesetting a cover sheet takes a quarter of a second, drawing a petition's picture 50 ms.
    patch.setattr("chalicelib.exports.run.cover_sheet", lambda _: b"%PDF")
    for function in ("people.api.file_sheet", "mine.shown.file_sheet", "petitions.api.sheet", "petitions.api.poster"):
        patch.setattr(f"chalicelib.{function}", lambda *_: b"%PDF")
    patch.setattr("chalicelib.petitions.api.card_of", lambda *_: b"PNG")
    # One row after the other, so that the calls have the same order each time.
    patch.setattr("chalicelib.partners.imports.worker.WORKERS", 1)
    with run_provider(patch):
        yield


def assert_email_is_allowed_again(fake_site: FakeSite) -> None:
    assert_email_is_allowed(fake_site)
    assert_audit_entry("mail.allowed", fake_site)


def with_alice_from_a_partner(fake_site: FakeSite) -> None:
    oak = a_partner(fake_site.tables)
    take_each([read_signature(sent_of(), oak, NOW)], a_receiving_context(fake_site.tables, PETITION, oak), NOW)


def assert_alice_is_erased(action: str, fake_site: FakeSite) -> None:
    assert item_of(fake_site.tables, PETITION, KEY.sk).keys() == ERASED_ATTRIBUTES
    assert_exact_counts(fake_site)
    assert_audit_entry(action, fake_site)


def assert_alice_is_withdrawn(fake_site: FakeSite) -> None:
    assert_alices_state("withdrawn", fake_site)
    assert_audit_entry("signature.withdrawn", fake_site)


def sign_in(path: str, body: dict[str, str], fake_site: FakeSite) -> bool:
    return has_status(fake_site.post_json(path, body), 200)


def act_on_alice(verb: str) -> Act:
    return partial(call, "POST", f"{PERSON_URL}/{verb}", 200, {})


ERASE = partial(call, "POST", "/api/staff/people/erase", 200, {"email": ALICE.email})
assert_resent, assert_exported = [partial(assert_audit_entry, action) for action in ("mail.resent", "access.exported")]
assert_address_erased, assert_signature_erased = [
    partial(assert_alice_is_erased, action) for action in ("person.erased", "signature.erased")
]


SCENES = [
    Scene("read_staff_health", with_every_problem, partial(read, "/api/staff/health"), assert_exact_counts),
    Scene("create_petition", nothing,
          partial(call, "POST", PETITIONS_URL, 201, {**PETITION_FIELDS, "slug": "new"}, done=422),
          assert_new_petition_is_complete),
    Scene("create_petition", nothing,
          partial(call, "POST", PETITIONS_URL, 422, {**PETITION_FIELDS, "slug": PETITION.slug}),
          partial(assert_audit_entry_of_refusal, "petition.created")),
    Scene("edit_petition", nothing,
          partial(change_petition, "PUT", PETITION_URL, {**PETITION_FIELDS, "text": "More."}),
          assert_petition_is_complete),
    Scene("read_funnel", with_a_funnel_of_past_days, partial(read, "/api/staff/petitions/safe-children/funnel"),
          assert_stages_are_counted_once),
    Scene("read_counts", nothing, read_constituencies, assert_exact_counts),
    Scene("erase_address", nothing, ERASE, assert_address_erased),
    Scene("erase_address", with_alice_confirmed, ERASE, assert_address_erased),
    Scene("resend_mail", with_alice_pending, act_on_alice("resend"), assert_resent),
    Scene("resend_mail", with_alice_confirmed, act_on_alice("resend"), assert_resent),
    Scene("allow_mail", with_email_to_alice_stopped,
          partial(call, "POST", f"{PERSON_URL}/allow-mail", 200, {"reason": "Asked."}), assert_email_is_allowed_again),
    *(
        Scene(handler, before, act_on_alice(verb), then)
        for handler, verb, then in (
            ("withdraw_for_person", "withdraw", assert_alice_is_withdrawn),
            ("erase_person", "erase", assert_signature_erased),
        )
        for before in (with_alice_pending, with_alice_confirmed, with_alice_taken_back)
    ),
    Scene("export_access", with_alice_from_a_partner, act_on_alice("access"), assert_exported),
    Scene("open_session", nothing, partial(sign_in, "/api/staff/session", SESSION_BODY),
          partial(assert_audit_entry, "signed-in")),
    Scene("sign_in", nothing, partial(invoke_route, "sign_in", "/staff/signed-in", "/staff/signed-in"),
          assert_exact_counts),
]  # fmt: skip
