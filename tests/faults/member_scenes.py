"""Scenes of letters to members of parliament: each letter goes to the member for its sender's postcode."""

from functools import partial

import pytest

from chalicelib.letters.counts import LetterNumbers
from chalicelib.letters.deliveries import LETTERS
from chalicelib.letters.target_state import pause, target_state
from tests.actors import NOW, change_item
from tests.fake_site import FakeSite
from tests.faults.letter_scenes import LETTER_KEY, confirmation_event
from tests.faults.public_scenes import with_bobs_token
from tests.faults.scenes import KEY, PETITION, SIX_MINUTES, Scene, run
from tests.faults.staff_scenes import assert_audit_entry, call
from tests.faults.target_scenes import (
    LETTERS_URL,
    TARGET_KEY,
    assert_letter_is_counted_once,
    checked_letter_numbers,
)
from tests.faults.update_scenes import bounce_email, deliver_request
from tests.letters.lettering import a_petition_with_a_letter, confirmed_with_a_letter
from tests.located import LOWER, UPPER, give_members

MEMBERS = {"key": TARGET_KEY, "name": "Your MP", "members": True}


def with_a_letter_to_a_member(fake_site: FakeSite) -> None:
    petition = a_petition_with_a_letter(fake_site, targets=[MEMBERS])
    confirmed_with_a_letter(fake_site, petition)
    fake_site.scene_state.mail_request = LETTERS.request(LETTER_KEY, NOW, fake_site.tables, member=UPPER.constituency)


def with_a_sent_letter_to_a_member(fake_site: FakeSite) -> None:
    with_a_letter_to_a_member(fake_site)
    LETTERS.mark_sent(fake_site.scene_state.mail_request, NOW, fake_site.tables)


def deliver_with_a_table_of_members(fake_site: FakeSite) -> bool:
    with pytest.MonkeyPatch.context() as patch:
        give_members(patch)
        return deliver_request(fake_site)


def assert_letter_goes_to_the_member(fake_site: FakeSite) -> None:
    assert_letter_is_counted_once(fake_site)
    assert {mail.to for mail in fake_site.mailer.mails} <= {UPPER.email}


def with_alice_in_a_new_constituency(fake_site: FakeSite) -> None:
    with_a_letter_to_a_member(fake_site)
    change_item(fake_site.tables, PETITION, KEY.sk, postcode="ZZ9 9ZZ", country="GB")


def relay_with_a_table_of_members(fake_site: FakeSite) -> bool:
    with pytest.MonkeyPatch.context() as patch:
        give_members(patch)
        return run("relay_mail", confirmation_event, fake_site)


def assert_letter_goes_to_the_new_member(fake_site: FakeSite) -> None:
    assert checked_letter_numbers(fake_site) == LetterNumbers(requested=1)
    assert fake_site.tables.items[LETTERS.item_key(LETTER_KEY)]["member"] == LOWER.constituency


def assert_bounce_paused_only_this_member(fake_site: FakeSite) -> None:
    assert checked_letter_numbers(fake_site) == LetterNumbers(requested=1, failed=1)
    assert target_state(PETITION.slug, TARGET_KEY, fake_site.tables, UPPER.constituency).paused_why == "bounced"
    assert not target_state(PETITION.slug, TARGET_KEY, fake_site.tables).is_paused


def with_a_paused_member(fake_site: FakeSite) -> None:
    with_bobs_token(fake_site)
    a_petition_with_a_letter(fake_site, targets=[MEMBERS])
    pause(PETITION.slug, TARGET_KEY, "bounced", NOW, fake_site.tables, UPPER.constituency)


def assert_member_is_resumed(fake_site: FakeSite) -> None:
    assert_audit_entry("letters.resumed", fake_site)
    assert not target_state(PETITION.slug, TARGET_KEY, fake_site.tables, UPPER.constituency).is_paused


MEMBER_SCENES = [
    Scene("send_other_mail", with_a_letter_to_a_member, deliver_with_a_table_of_members,
          assert_letter_goes_to_the_member, SIX_MINUTES),
    Scene("relay_mail", with_alice_in_a_new_constituency, relay_with_a_table_of_members,
          assert_letter_goes_to_the_new_member),
    Scene("receive_feedback", with_a_sent_letter_to_a_member, bounce_email, assert_bounce_paused_only_this_member),
    Scene("resume_letters", with_a_paused_member,
          partial(call, "POST", f"{LETTERS_URL}/{TARGET_KEY}/resume?member=Upper%20Zed", 200, None),
          assert_member_is_resumed),
]  # fmt: skip
