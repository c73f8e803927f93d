"""Petitions as staff send them: new petitions, edits, transitions, and their field errors."""

import json
from datetime import datetime
from functools import partial
from typing import Any

import pytest

from chalicelib.core.errors import Invalid
from chalicelib.core.times import iso
from chalicelib.petitions.form import EDITABLE, petition_for_staff, read_edit, read_new_petition
from chalicelib.petitions.model import Petition
from tests.actors import DAY, NOW, OPENED, WELSH, a_petition
from tests.letters.lettering import LETTER, TARGET, WELSH_LETTER

DRAFT = a_petition(state="draft")


def body_of(petition: Petition = DRAFT, **changes: Any) -> str:
    """Return a body as staff type it: without state and times. A field that is changed to `...` is left out."""
    fields = petition.model_dump(include={"slug", *EDITABLE}, exclude={"opened_at", "closes_at"}) | changes
    sent = {name: value for name, value in fields.items() if value is not ...}
    return json.dumps(sent)


def apply_edit(petition: Petition, now: datetime = NOW, **changes: Any) -> Petition:
    return read_edit(json.dumps({**petition_for_staff(petition, now), **changes}), petition, now)


def field_errors(petition: Petition, **changes: Any) -> list[str]:
    with pytest.raises(Invalid) as caught:
        apply_edit(petition, **changes)
    return [error.field for error in caught.value.errors]


@pytest.mark.parametrize(
    ("body", "field"), [("[]", "body"), ("null", "body"), ('"x"', "body"), ('{"goal": 10, ' + body_of()[1:], "goal")]
)
def test_a_body_that_is_not_an_object_or_has_a_field_twice_is_refused(body: str, field: str) -> None:
    for read in (partial(read_new_petition, now=NOW), partial(read_edit, petition=DRAFT, now=NOW)):
        with pytest.raises(Invalid) as caught:
            read(body)
        assert [error.field for error in caught.value.errors] == [field]


@pytest.mark.parametrize("wrong", ["a\x00b", "a\nb", "a\u2028b", "a\u202eb", "a\ufffdb", "a =?utf-8?b?cGF5?="])
@pytest.mark.parametrize("field", ["title", "charity", "letter.subject"])
@pytest.mark.parametrize("prefix", ["", "translations.cy."])
def test_a_text_for_the_header_of_an_email_must_be_one_printable_line(prefix: str, field: str, wrong: str) -> None:
    """They reach `Subject` and `From`."""
    words: dict[str, Any] = {field: wrong}
    if field == "letter.subject":
        words = {"letter": (WELSH_LETTER if prefix else LETTER) | {"subject": wrong}}
    changes = {"translations": {"cy": WELSH | words}} if prefix else words
    for read in (partial(read_new_petition, now=NOW), partial(read_edit, petition=DRAFT, now=NOW)):
        with pytest.raises(Invalid) as caught:
            read(body_of(**changes))
        assert [error.field for error in caught.value.errors] == [prefix + field]


@pytest.mark.parametrize("opened_at", [OPENED, NOW + DAY])
def test_an_open_petition_gets_no_square_brackets_in_its_title_but_may_keep_them(opened_at: datetime) -> None:
    """A petition that opens later is stored as open, too."""
    assert field_errors(a_petition(opened_at=opened_at), title="[Do what]") == ["title"]
    petition = a_petition(opened_at=opened_at, title="[Archived] Plant trees")
    assert apply_edit(petition, summary="New").summary == "New"
    assert apply_edit(DRAFT, title="[Do what]").title == "[Do what]"


@pytest.mark.parametrize("before", ["Plant trees.", "Plant [how many] trees."])
def test_an_open_petition_gets_other_square_brackets_only_if_staff_say_so(before: str) -> None:
    petition, text = a_petition(text=before), before + " [Write your text here]"
    assert field_errors(petition, text=text) == ["keep_brackets"]
    assert field_errors(petition, text=text, keep_brackets="yes") == ["keep_brackets"]
    assert field_errors(petition, title="[Do what]", keep_brackets=True) == ["title"]
    assert apply_edit(petition, text=text, keep_brackets=True).text == text
    assert apply_edit(petition, summary="New").text == before, "the brackets were there before"


def targets_with(address: str) -> list[dict[str, Any]]:
    pm = {"key": "pm", "name": "Prime Minister", "email": "pm@target.example"}
    return [TARGET, pm, {"key": "minister", "name": "Minister", "email": address}]


@pytest.mark.parametrize(
    "address", [TARGET["email"], "Home.Secretary@TARGET.example", "home.secretary+x@target.example"]
)
def test_two_targets_with_one_email_address_are_refused_with_their_numbers(address: str) -> None:
    """The target would get two letters from each person."""
    with pytest.raises(Invalid) as new:
        read_new_petition(body_of(letter=LETTER | {"targets": targets_with(address)}), NOW)
    with pytest.raises(Invalid) as edit:
        apply_edit(DRAFT, letter=LETTER | {"targets": targets_with(address)})
    for caught in (new, edit):
        [error] = caught.value.errors
        assert error.field == "letter.targets"
        assert str(error.message).startswith("Targets 1 and 3 have the same email address")
    assert apply_edit(DRAFT, letter=LETTER | {"targets": targets_with("minister@target.example")}).letter


def test_other_parts_can_be_edited_although_a_stored_letter_has_one_address_twice() -> None:
    """Such letters were accepted in the past. People can still sign and withdraw."""
    petition = a_petition(letter=LETTER | {"targets": targets_with(TARGET["email"])})
    assert apply_edit(petition, title="New").letter == petition.letter


@pytest.mark.parametrize(
    "changes",
    [{"state": "closed"}, {"revision": 7}, {"slug": "other"}, {"paused_at": iso(NOW)}, {"text_version": "0" * 12}],
)
def test_changing_a_read_only_field_is_one_error(changes: dict[str, Any]) -> None:
    assert field_errors(a_petition(), **changes) == [*changes]


def test_an_edit_resets_the_fields_it_omits() -> None:
    petition = a_petition(closes_at=NOW + DAY, goals=[20_000], privacy_url="https://harbour.example")
    body = json.loads(body_of(petition))
    for name in ("goals", "privacy_url"):
        del body[name]
    after = read_edit(json.dumps(body), petition, NOW)
    assert (after.closes_at, after.goals, after.privacy_url) == (None, [], None)
    assert after.opened_at == petition.opened_at


def test_only_a_draft_can_change_its_opening() -> None:
    assert field_errors(a_petition(), opened_at=iso(NOW - DAY)) == ["opened_at"]
    for draft in (DRAFT, a_petition(opened_at=NOW + DAY)):
        assert apply_edit(draft, opened_at=iso(NOW + 2 * DAY)).opened_at == NOW + 2 * DAY
    assert field_errors(a_petition(opened_at=NOW + DAY), opened_at=iso(NOW)) == ["opened_at"]


def test_an_edit_cannot_close_a_petition_or_change_a_past_closing() -> None:
    assert field_errors(a_petition(), closes_at=iso(NOW - DAY)) == ["closes_at"]
    assert apply_edit(a_petition(), closes_at=iso(NOW + DAY)).closes_at == NOW + DAY
    # Staff have closed the second one. The first one has closed by itself.
    for closed in (a_petition(closes_at=NOW - DAY), a_petition(state="closed", closes_at=NOW - DAY)):
        assert field_errors(closed, closes_at=iso(NOW + DAY)) == ["closes_at"]
        assert read_edit(body_of(closed), closed, NOW).closes_at == NOW - DAY


def test_a_text_that_would_take_long_to_read_is_refused() -> None:
    assert field_errors(DRAFT, text="*" * 1001) == ["text"]
    assert apply_edit(DRAFT, text="*" * 1000).text == "*" * 1000
