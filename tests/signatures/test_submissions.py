"""A stranger signs with Alice's address, and Alice signs too. She confirms only what she sent and ticked herself."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.petitions.model import Petition
from chalicelib.signatures.sign import Outcome, sign_from_queue
from tests.actors import (
    ALICE,
    MINUTE,
    NOW,
    Person,
    change_item,
    identity_of,
    item_of,
    json_of,
    overflow_message,
    signed,
)
from tests.fake_site import FakeSite, token_in
from tests.fakes import FakeTables
from tests.signatures.test_api import API_PATH
from tests.signatures.test_letter_page import deliver_letters, form_fields, send_confirm_link, text_of

STRANGER = Person("Stan Stranger", ALICE.email)
TICKS = {"sign": True, "updates": True}
LETTER = {"send": True, "reply": True}
SECOND = timedelta(seconds=1)


def submit(fake_site: FakeSite, petition: Petition, person: Person, **fields: Any) -> str:
    """Sign through the API, and return the link of the latest email to confirm."""
    assert fake_site.post_json(API_PATH, json_of(person, **fields)).status_code == 202
    fake_site.clock.forward(2 * MINUTE)
    return send_confirm_link(fake_site, petition)


def alices_page(fake_site: FakeSite, petition: Petition, **fields: Any) -> Any:
    """The stranger ticks every box and writes a letter. Then Alice signs. Return the page that her email links to."""
    strangers = {"country": "NL", "consent": TICKS, "letter": LETTER | {"body": "The stranger's words."}}
    submit(fake_site, petition, STRANGER, **strangers)
    return fake_site.get(submit(fake_site, petition, ALICE, **fields))


def test_the_owners_page_shows_the_newest_submission(fake_site: FakeSite, letter_petition: Petition) -> None:
    page = alices_page(fake_site, letter_petition, postcode="M1 1AE", letter=LETTER | {"body": "My words."})
    fields = form_fields(page)
    shown = [fields[name] for name in ("name", "postcode", "letter.body")]
    assert shown == [ALICE.name, "M1 1AE", "My words."]
    assert "Stranger" not in text_of(page)
    assert "stranger" not in text_of(page)


@pytest.mark.parametrize(
    ("fields", "ticks"),
    [
        ({}, ("no", "no", "no")),
        ({"consent": TICKS}, ("yes", "no", "no")),
        ({"consent": TICKS, "letter": {"send": True}}, ("yes", "yes", "no")),
        ({"letter": LETTER}, ("no", "yes", "yes")),
    ],
)
def test_a_box_is_ticked_only_if_every_submission_ticked_it(
    fake_site: FakeSite, letter_petition: Petition, fields: dict[str, Any], ticks: tuple[str, ...]
) -> None:
    page = form_fields(alices_page(fake_site, letter_petition, **fields))
    assert (page["updates"], page["letter.send"], page["letter.reply"]) == ticks


def test_a_stranger_who_signs_last_ticks_no_box(fake_site: FakeSite, letter_petition: Petition) -> None:
    submit(fake_site, letter_petition, ALICE)
    page = form_fields(alices_page(fake_site, letter_petition, consent=TICKS, letter=LETTER | {"body": "Mine."}))
    assert (page["updates"], page["letter.send"], page["letter.reply"]) == ("no", "no", "no")
    assert page["letter.body"] == "Mine.", "the newest words stay, so that she need not type them again"


def test_the_token_alone_confirms_without_a_letter_or_an_optional_consent(
    fake_site: FakeSite, letter_petition: Petition
) -> None:
    link = submit(fake_site, letter_petition, ALICE, consent=TICKS, letter=LETTER)
    fake_site.post_form("/confirm", {"token": token_in(link)})
    item = item_of(fake_site.tables, letter_petition, identity_of(letter_petition))
    assert (item["state"], item["updates"]) == ("confirmed", False)
    assert not item.keys() & {"letter", "letter_asked"}
    assert deliver_letters(fake_site, letter_petition) == []


def test_a_link_from_before_the_newest_submission_confirms_the_newest(
    fake_site: FakeSite, letter_petition: Petition
) -> None:
    old_link = submit(fake_site, letter_petition, STRANGER, country="NL", source="bbc", consent=TICKS)
    submit(fake_site, letter_petition, ALICE)
    assert form_fields(fake_site.get(old_link))["name"] == ALICE.name
    fake_site.post_form("/confirm", {"token": token_in(old_link)})
    item = item_of(fake_site.tables, letter_petition, identity_of(letter_petition))
    assert (item["state"], item["name"], item["country"], item["source"]) == ("confirmed", ALICE.name, "GB", "direct")


@pytest.mark.parametrize(
    ("message_after", "changes", "expected"),
    [
        # Each change has a later time, so that a write that read the signature before is refused.
        (-SECOND, {}, {"name": ALICE.name, "updates": False, "submitted_at": "2026-11-24T12:00:00.000001Z"}),
        (-SECOND, {"updates": True}, {"name": ALICE.name, "updates": True}),
        (SECOND, {"updates": True}, {"name": STRANGER.name, "updates": True}),
    ],
)
def test_a_late_message_from_the_queue_shows_no_older_data_but_unticks(
    tables: FakeTables,
    petition: Petition,
    message_after: timedelta,
    changes: Mapping[str, Any],
    expected: Mapping[str, Any],
) -> None:
    message = overflow_message(petition, NOW + message_after, STRANGER, **changes)
    identity = signed(tables, petition, updates=True)
    assert sign_from_queue(message, NOW + MINUTE, tables) is Outcome.OVERTAKEN
    item = item_of(tables, petition, identity)
    assert {name: item[name] for name in expected} == expected


def test_a_submission_that_meets_another_write_is_merged_again(petition: Petition) -> None:
    class Racing(FakeTables):
        def try_update(self, change: Any) -> bool:
            if "name" in change.assign and "raced" not in vars(self):
                self.raced = True
                change_item(self, petition, identity_of(petition), submitted_at="2026-11-24T12:00:30.000000Z")
            return super().try_update(change)

    tables = Racing()
    signed(tables, petition, STRANGER)
    identity = signed(tables, petition, now=NOW + MINUTE)
    assert tables.raced
    assert item_of(tables, petition, identity)["name"] == ALICE.name
