"""Scenes of the public pages and routes, of the links in emails, and of the count."""

from datetime import timedelta
from functools import partial
from typing import Any

from chalicelib.core.tokens import Purpose
from chalicelib.mail.budget import choice_of, is_stopped, stop, stop_token
from chalicelib.mail.model import mailbox_of
from chalicelib.partners.form import read_signature
from chalicelib.partners.receive import take_each
from chalicelib.petitions.edit import edit, with_changes
from chalicelib.petitions.find import petition_as_stored
from chalicelib.projections.breakdowns import pending_count
from chalicelib.projections.recount import recount
from chalicelib.shedding.level import Level, set_level
from chalicelib.staff import authorizer
from chalicelib.tallies.count import exact_count
from tests.actors import (
    ALICE,
    BOB,
    CHARLIE,
    LIMIT_KEYS,
    NOW,
    TOKEN_KEYS,
    confirmed,
    fields_of,
    identity_of,
    item_of,
    json_of,
    signed,
)
from tests.fake_site import FakeSite, stream_event, token_in
from tests.faults.scenes import (
    KEY,
    PETITION,
    SUBJECT,
    Scene,
    assert_alices_state,
    assert_exact_counts,
    deliver,
    get,
    has_status,
    is_authorized,
    link,
    nothing,
    post,
    run,
    schedule,
    with_alice_confirmed,
    with_alice_pending,
    with_alice_taken_back,
    with_alice_withdrawn,
    with_past_days,
)
from tests.partnering import a_partner, a_receiving_context, sent_of
from tests.signatures.test_sign import send_mail


def assert_exact_public_count(fake_site: FakeSite) -> None:
    """Assert that the public count is exact once any lease of a killed reader has expired."""
    fake_site.clock.forward(timedelta(seconds=11))
    shown = fake_site.get("/api/petitions/safe-children/count").json_body["count"]
    assert shown == exact_count(PETITION, fake_site.clock(), fake_site.tables).confirmed == 1


def assert_newest_name_is_stored(fake_site: FakeSite) -> None:
    assert fake_site.deliver("store_overflow", fake_site.overflow.messages) == []
    assert item_of(fake_site.tables, PETITION, identity_of(PETITION))["name"] == "Alice A."


def with_alice_mailed(fake_site: FakeSite) -> None:
    with_alice_pending(fake_site)
    send_mail(fake_site.tables, PETITION, KEY.sk)


def with_three_people(fake_site: FakeSite) -> None:
    with_alice_pending(fake_site)
    confirmed(fake_site.tables, PETITION, BOB)
    signed(fake_site.tables, PETITION, CHARLIE)


def bobs_request(fake_site: FakeSite) -> dict[str, str]:
    return {"type": "TOKEN", "authorizationToken": f"Bearer {fake_site.scene_state.bobs_token}"}


def changes_of_three_people(fake_site: FakeSite) -> dict[str, Any]:
    """Return the stream event of three people who signed, after which Bob confirmed."""
    items = [item_of(fake_site.tables, PETITION, identity_of(PETITION, who)) for who in (ALICE, BOB, CHARLIE)]
    fresh = [{**item, "state": "pending"} for item in items]
    signings = [(str(number), None, item) for number, item in enumerate(fresh, 1)]
    return stream_event([*signings, ("9", fresh[1], items[1])])


def assert_two_are_pending(fake_site: FakeSite) -> None:
    fake_site.invoke("project_signatures", changes_of_three_people(fake_site))
    assert pending_count(PETITION.slug, fake_site.tables) == 2


def assert_stored_with_one_email_request(fake_site: FakeSite) -> None:
    for _ in range(2):
        assert fake_site.deliver("store_overflow", fake_site.overflow.messages) == []
    item = item_of(fake_site.tables, PETITION, KEY.sk)
    assert (item["state"], item["name"], item["mail_kind"]) == ("pending", ALICE.name, "confirm")


def assert_told_that_she_had_signed(fake_site: FakeSite) -> None:
    assert fake_site.deliver("store_overflow", fake_site.overflow.messages) == []
    assert_alices_state("confirmed", fake_site)
    assert item_of(fake_site.tables, PETITION, KEY.sk)["mail_kind"] == "already-signed"


def sign_by_json(fake_site: FakeSite) -> bool:
    return has_status(fake_site.post_json(f"/api{SIGN_PATH}", json_of()), 202)


def with_an_overflowed_signature(fake_site: FakeSite) -> None:
    set_level(Level.ACCEPT_ONLY, fake_site.tables)
    assert fake_site.post_json("/api/petitions/safe-children/signatures", json_of()).status_code == 202
    set_level(Level.NORMAL, fake_site.tables)


def assert_no_drift(fake_site: FakeSite) -> None:
    found = recount(PETITION, fake_site.clock, fake_site.tables)
    assert (found.largest_drift, found.confirmed) == (0, 1)


SIGN_PATH = "/petitions/safe-children/signatures"
API_URL = "/api/petitions/safe-children"


def with_alice_from_the_netherlands(fake_site: FakeSite) -> None:
    signed(fake_site.tables, PETITION, country="NL", source="bbc")


def with_alice_counted_by_a_partner(fake_site: FakeSite) -> None:
    """She signed here too, and has not confirmed."""
    with_alice_pending(fake_site)
    oak = a_partner(fake_site.tables)
    receiving = a_receiving_context(fake_site.tables, PETITION, oak)
    take_each([read_signature(sent_of(), oak, NOW)], receiving, NOW)


def assert_confirmed_by_alice(fake_site: FakeSite) -> None:
    assert_alices_state("confirmed", fake_site)
    assert_exact_counts(fake_site)
    assert exact_count(PETITION, NOW, fake_site.tables).by_partners == 0


def assert_agreed_to_updates(fake_site: FakeSite) -> None:
    assert_alices_state("confirmed", fake_site)
    assert item_of(fake_site.tables, PETITION, KEY.sk)["updates"]


def with_email_to_alice_stopped(fake_site: FakeSite) -> None:
    with_alice_pending(fake_site)
    stop(CHOICE, SUBJECT, NOW, fake_site.tables)


def assert_email_is_stopped(fake_site: FakeSite) -> None:
    assert is_stopped(CHOICE, fake_site.tables)
    assert_alices_state("pending", fake_site)


def assert_email_is_allowed(fake_site: FakeSite) -> None:
    assert not is_stopped(CHOICE, fake_site.tables)
    assert_alices_state("pending", fake_site)


CONFIRM_LINK = link(Purpose.CONFIRM)
TOKEN = {"token": token_in(CONFIRM_LINK)}
OLD_LINK = link(Purpose.CONFIRM, ends=timedelta(minutes=1))
CHOICE = choice_of(mailbox_of(ALICE.email, LIMIT_KEYS), PETITION.slug)
STOP_LINK = f"/stop?token={stop_token(SUBJECT, CHOICE, NOW, TOKEN_KEYS)}"
WITHDRAW_LINK, UNSUBSCRIBE_LINK = link(Purpose.WITHDRAW), link(Purpose.UNSUBSCRIBE)

assert_confirmed = partial(assert_alices_state, "confirmed")
assert_withdrawn = partial(assert_alices_state, "withdrawn")


def with_an_edited_text(fake_site: FakeSite) -> None:
    petition = petition_as_stored(PETITION.slug, fake_site.tables)
    edit(with_changes(petition, text="A new text."), NOW, fake_site.tables)


SCENES = [
    Scene("show_petition", with_an_edited_text, partial(get, "/petitions/safe-children"), assert_exact_counts),
    Scene("read_count", with_past_days, partial(get, f"{API_URL}/count"), assert_exact_public_count),
    Scene("read_progress", with_alice_confirmed, partial(get, f"{API_URL}/progress"), assert_exact_public_count),
    Scene("authorizer", nothing, partial(is_authorized, authorizer.authorizer, bobs_request), assert_exact_counts),
    Scene("sign_by_json", nothing, sign_by_json, assert_stored_with_one_email_request),
    Scene("sign_by_json", with_alice_mailed, sign_by_json, assert_stored_with_one_email_request),
    Scene("sign_by_json", with_alice_confirmed, sign_by_json, assert_told_that_she_had_signed),
    Scene("sign_by_json", with_alice_withdrawn, sign_by_json, assert_stored_with_one_email_request),
    Scene("sign_by_form", nothing, partial(post, SIGN_PATH, fields_of(), 303), assert_stored_with_one_email_request),
    Scene("sign_by_form", with_alice_pending, partial(post, SIGN_PATH, fields_of(name="Alice A."), 303),
          assert_newest_name_is_stored),
    Scene("project_signatures", with_three_people, partial(run, "project_signatures", changes_of_three_people),
          assert_two_are_pending),
    Scene("store_overflow", with_an_overflowed_signature,
          partial(deliver, "store_overflow", lambda fake_site: fake_site.overflow.messages),
          assert_stored_with_one_email_request),
    Scene("recount_tallies", with_past_days, partial(run, "recount_tallies", schedule), assert_no_drift),
    Scene("show_confirmation", with_alice_confirmed, partial(get, OLD_LINK), assert_confirmed),
    Scene("confirm_signature", with_alice_pending, partial(post, "/confirm", TOKEN, 200), assert_confirmed),
    Scene("confirm_signature", with_alice_from_the_netherlands, partial(post, "/confirm", TOKEN, 200),
          assert_confirmed),
    Scene("confirm_signature", with_alice_confirmed, partial(post, OLD_LINK, {}, 200), assert_confirmed),
    Scene("confirm_signature", with_alice_confirmed, partial(post, "/confirm", {**TOKEN, "updates": "yes"}, 200),
          assert_agreed_to_updates),
    Scene("confirm_signature", with_alice_counted_by_a_partner, partial(post, "/confirm", TOKEN, 200),
          assert_confirmed_by_alice),
    Scene("withdraw_signature", with_alice_pending, partial(post, WITHDRAW_LINK, {}, 200), assert_withdrawn),
    Scene("withdraw_signature", with_alice_confirmed, partial(post, WITHDRAW_LINK, {}, 200), assert_withdrawn),
    Scene("withdraw_signature", with_alice_taken_back, partial(post, WITHDRAW_LINK, {}, 200), assert_withdrawn),
    Scene("withdraw_signature", with_alice_withdrawn, partial(post, WITHDRAW_LINK, {}, 200), assert_withdrawn),
    Scene("unsubscribe_from_updates", with_alice_confirmed, partial(post, UNSUBSCRIBE_LINK, {}, 200), assert_confirmed),
    Scene("stop_emails", with_alice_pending, partial(post, STOP_LINK, {}, 200), assert_email_is_stopped),
    Scene("stop_emails", with_email_to_alice_stopped, partial(post, STOP_LINK, {"emails": "again"}, 200),
          assert_email_is_allowed),
]  # fmt: skip
