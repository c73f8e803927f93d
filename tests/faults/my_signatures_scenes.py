"""Scenes of "my signatures": a link is requested, opened and used, and all signatures move to another address."""

from functools import partial

from chalicelib.core import tokens
from chalicelib.core.address import read_address
from chalicelib.core.tokens import Purpose
from chalicelib.mail.model import MailRequest
from chalicelib.mine.kinds import LINKS, MOVES, MOVES_OVER, link_key, move_key
from chalicelib.mine.link import mailbox_hash
from chalicelib.signatures.look_up import find_by_id
from chalicelib.signatures.owner import ask_to_move
from tests.actors import ALICE, DAY, LIMIT_KEYS, NOW, TOKEN_KEYS, Person, confirmed, identity_of, item_of
from tests.fake_site import FakeSite
from tests.faults.mail_scenes import bounce_email, sends
from tests.faults.scenes import (
    KEY,
    PETITION,
    Act,
    Scene,
    State,
    assert_alices_state,
    assert_exact_counts,
    post,
    with_alice_confirmed,
)

NEW = Person(ALICE.name, "alice@new.example")
PATH = "/my-signatures"


def _token(purpose: Purpose, email: str) -> str:
    payload = (PETITION.slug, KEY.sk, mailbox_hash(email, LIMIT_KEYS))
    return tokens.issue(purpose, payload, NOW + DAY, TOKEN_KEYS)


TOKEN, MOVE_TOKEN = _token(Purpose.MY_SIGNATURES, ALICE.email), _token(Purpose.MOVE, NEW.email)


def _change(action: str, **fields: str) -> partial[bool]:
    return partial(post, f"{PATH}/change", {"token": TOKEN, "do": action, "petition": PETITION.slug, **fields}, 200)


def with_a_link_requested(fake_site: FakeSite) -> None:
    with_alice_confirmed(fake_site)
    fake_site.scene_state.mail_request = LINKS.request(link_key(PETITION.slug, KEY.sk, "1"), NOW, fake_site.tables)


def with_a_move_wanted(fake_site: FakeSite) -> None:
    with_alice_confirmed(fake_site)
    found = find_by_id(PETITION, KEY.sk, NOW, fake_site.tables)
    assert found
    ask_to_move(found, read_address(NEW.email), NOW, fake_site.tables)
    key = move_key(found, mailbox_hash(NEW.email, LIMIT_KEYS), "1")
    fake_site.scene_state.mail_request = MOVES.request(key, NOW, fake_site.tables)


def with_a_move_that_is_over(fake_site: FakeSite) -> None:
    with_a_move_wanted(fake_site)
    key, early = fake_site.scene_state.mail_request.key, NOW - 4 * DAY
    fake_site.scene_state.mail_request = MOVES_OVER.request(key, early, fake_site.tables)
    fake_site.tables.items[KEY]["moving"]["until"] = "2026-11-20T12:00:00Z"


def with_the_new_address_signed_too(fake_site: FakeSite) -> None:
    with_a_move_wanted(fake_site)
    confirmed(fake_site.tables, PETITION, NEW)


def with_email_stopped(fake_site: FakeSite) -> None:
    with_alice_confirmed(fake_site)
    assert _change("stop-email")(fake_site)


def assert_one_message(fake_site: FakeSite) -> None:
    keys = {MailRequest.model_validate(message).key for message in fake_site.other_queue.messages}
    assert {key.rpartition("_")[0] for key in keys} == {f"{PETITION.slug}_{KEY.sk}"}


def assert_mailed(to: str, fake_site: FakeSite) -> None:
    assert {mail.to for mail in fake_site.mailer.mails} == {to}


def assert_wanted(fake_site: FakeSite) -> None:
    assert item_of(fake_site.tables, PETITION, KEY.sk)["moving"]["to"] == NEW.email
    kinds = {message["kind"] for message in fake_site.other_queue.messages}
    assert kinds == {"move", "move-over"}


def assert_forgotten(fake_site: FakeSite) -> None:
    assert "moving" not in item_of(fake_site.tables, PETITION, KEY.sk)


def assert_moved(fake_site: FakeSite) -> None:
    assert_alices_state("withdrawn", fake_site)
    assert item_of(fake_site.tables, PETITION, identity_of(PETITION, NEW))["state"] == "confirmed"


def assert_named(name: str, fake_site: FakeSite) -> None:
    assert item_of(fake_site.tables, PETITION, KEY.sk)["name"] == name


REQUESTED = (with_a_link_requested, with_a_move_wanted, with_a_move_that_is_over)
CHANGES: dict[Act, State] = {
    _change("withdraw"): partial(assert_alices_state, "withdrawn"),
    _change("correct", name="A. A."): partial(assert_named, "A. A."),
    _change("move", email=NEW.email): assert_wanted,
    **{_change(f"stop-{what}"): assert_exact_counts for what in ("updates", "email", "all")},
}
CONFIRM_MOVE = partial(post, f"{PATH}/move", {"token": MOVE_TOKEN}, 200)
SCENES = [
    Scene("ask_for_my_signatures", with_alice_confirmed, partial(post, PATH, {"email": ALICE.email}, 200),
          assert_one_message),
    *(Scene("change_my_signatures", with_alice_confirmed, change, then) for change, then in CHANGES.items()),
    Scene("change_my_signatures", with_email_stopped, _change("allow-email"), assert_exact_counts),
    Scene("confirm_my_move", with_a_move_wanted, CONFIRM_MOVE, assert_moved),
    Scene("confirm_my_move", with_the_new_address_signed_too, CONFIRM_MOVE, assert_moved),
    sends(with_a_link_requested, partial(assert_mailed, ALICE.email)),
    sends(with_a_move_wanted, partial(assert_mailed, NEW.email)),
    sends(with_a_move_that_is_over, assert_forgotten, mails=0),
    *(Scene("receive_feedback", before, bounce_email, assert_exact_counts) for before in REQUESTED),
]  # fmt: skip
