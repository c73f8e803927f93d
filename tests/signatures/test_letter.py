"""What a signature stores of its letter, and how the letter reads."""

from typing import Any

import pytest

from benchmarks.meter import write_units
from chalicelib.aws.expressions import to_wire
from chalicelib.core.errors import Invalid
from chalicelib.signatures.letter import corrected_letter, signed_letter
from chalicelib.signatures.letter_form import LetterForm
from tests.actors import WELSH, a_petition, item_of, signed
from tests.fakes import FakeTables
from tests.letters.lettering import LETTER, WELSH_LETTER

FIRST_OPENING, SECOND_OPENING = LETTER["openings"]
PETITION = a_petition(letter=LETTER, translations={"cy": WELSH | {"letter": WELSH_LETTER}})


def stored_letter(language: str | None = None, /, petition: Any = PETITION, **fields: Any) -> dict[str, Any]:
    """Return the letter as it is stored, without its version."""
    letter = signed_letter(LetterForm.model_validate({"send": True} | fields), petition, language)
    return letter.model_dump(exclude_defaults=True, exclude={"version"}) if letter else {"nothing": True}


def refused_fields(**fields: Any) -> list[str]:
    with pytest.raises(Invalid) as caught:
        stored_letter(**fields)
    return [error.field for error in caught.value.errors]


def test_an_unedited_letter_is_stored_as_its_version() -> None:
    assert stored_letter() == {}
    typed = LETTER["body"].replace("\n", "\r\n") + " \r\n"
    assert stored_letter(subject=LETTER["subject"], body=typed, opening=0) == {}
    assert stored_letter("cy", subject=WELSH_LETTER["subject"], body=WELSH_LETTER["body"]) == {}


def test_a_letter_with_bullets_from_word_is_sent_unedited() -> None:
    """Staff pasted the letter. Everybody who signs sends its text with the form."""
    body = "I ask you for:\n\uf0b7 support\n\uf0b7 a home"
    petition = a_petition(letter=LETTER | {"body": body})
    assert stored_letter(petition=petition, body=body) == {}


def test_only_the_fields_that_differ_are_stored() -> None:
    assert stored_letter(subject="Mine", body=LETTER["body"], opening=SECOND_OPENING, reply=True) == {
        "subject": "Mine",
        "opening": 1,
        "reply": True,
    }
    assert stored_letter("cy", subject=LETTER["subject"]) == {"subject": LETTER["subject"]}


def test_a_letter_that_is_not_sent_is_not_stored() -> None:
    assert stored_letter(send=False) == {"nothing": True}
    assert signed_letter(None, PETITION, None) is None


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"subject": "See harbour.org"}, ["letter.subject"]),
        ({"body": "Write to bob@mail.example"}, ["letter.body"]),
        ({"opening": "www.harbour"}, ["letter.opening"]),
        ({"body": "See:www.harbour.org"}, ["letter.body"]),
        ({"body": "http:/harbour.org"}, ["letter.body"]),
        ({"subject": "javascript:alert(1)"}, ["letter.subject"]),
        ({"body": "data:text/html,x"}, ["letter.body"]),
        ({"body": "Open 1.2.3.4/x"}, ["letter.body"]),
        ({"opening": "harbour.ćom"}, ["letter.opening"]),
        ({"body": "Ffynhonnell：harbour。org"}, ["letter.body"]),
        ({"opening": 2}, ["letter.opening"]),
        ({"opening": -1}, ["letter.opening"]),
        ({"subject": "a.org", "body": "b.org"}, ["letter.subject", "letter.body"]),
    ],
)
def test_links_and_unknown_openings_are_refused(fields: dict[str, Any], names: list[str]) -> None:
    assert refused_fields(**fields) == names


def test_a_letter_too_long_for_the_form_on_the_page_to_confirm_is_refused() -> None:
    """A form sends each Greek letter as six characters, and may have 16 KB."""
    assert stored_letter(body="ω" * 1500, opening="ω" * 450)["body"]
    assert refused_fields(body="ω" * 1700, opening="ω" * 450) == ["letter.body"]
    assert stored_letter(body="Help them. " * 270, opening="x" * 500, subject="x" * 150)["body"]


def test_a_link_of_the_petitions_own_letter_may_stay() -> None:
    petition = a_petition(letter=LETTER | {"body": "Read https://harbour.example/report. Please help."})
    assert stored_letter(petition=petition, body="Read https://harbour.example/report. Help now.")["body"]
    assert refused_fields(petition=petition, body="Read https://harbour.example/other. Help now.") == ["letter.body"]


@pytest.mark.parametrize("address", ["me@home", "harbour.invalid", "harbour[.]org"])
def test_an_address_is_refused_also_beside_a_link_of_the_petitions_own_letter(address: str) -> None:
    petition = a_petition(letter=LETTER | {"body": "Read https://harbour.org/report. Please help."})
    body = f"Read https://harbour.org/report. Ask {address}."
    assert refused_fields(petition=petition, body=body) == ["letter.body"]


def test_a_letter_that_may_not_be_edited_refuses_other_words() -> None:
    petition = a_petition(letter=LETTER | {"may_edit": False})
    assert refused_fields(petition=petition, subject="Mine", opening="Mine") == ["letter.subject", "letter.opening"]
    assert stored_letter(petition=petition, opening=1, body=LETTER["body"]) == {"opening": 1}


def test_a_petition_without_a_letter_refuses_letters() -> None:
    assert refused_fields(petition=a_petition()) == ["letter"]


def test_a_letter_without_openings_begins_with_its_text() -> None:
    petition = a_petition(letter=LETTER | {"openings": []})
    assert stored_letter(petition=petition, opening=0) == {}
    assert refused_fields(petition=petition, opening=1) == ["letter.opening"]
    assert stored_letter(petition=petition, opening="Mine") == {"opening": "Mine"}


@pytest.mark.parametrize(
    ("fields", "change"),
    [
        ({}, {}),
        ({"letter.send": "no", "letter.body": "mine"}, {"letter": None}),
        ({"letter.send": "yes"}, {"letter": {"version": PETITION.letter_version, "reply": False}}),
        (
            {"letter.send": "yes", "letter.opening": "none", "letter.reply": "yes"},
            {"letter": {"version": PETITION.letter_version, "reply": True, "opening": ""}},
        ),
    ],
)
def test_the_owner_confirms_corrects_or_removes_the_letter(fields: dict[str, str], change: dict[str, Any]) -> None:
    assert corrected_letter(fields, PETITION) == change


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"letter.subject": "two\nlines"}, "letter.subject"),
        ({"letter.body": "x" * 3001}, "letter.body"),
        ({"letter.version": "0" * 12}, "letter.version"),
    ],
)
def test_an_invalid_correction_is_refused_by_its_fields_name(fields: dict[str, str], name: str) -> None:
    with pytest.raises(Invalid) as caught:
        corrected_letter({"letter.send": "yes", **fields}, PETITION)
    assert [error.field for error in caught.value.errors] == [name]


def test_a_signature_with_an_unedited_letter_costs_one_write_unit(tables: FakeTables) -> None:
    """The name, the address and the source are long."""
    alice = signed(
        tables,
        PETITION,
        name="Alice " * 10,
        email=f"{'a' * 50}@mail.example",
        postcode="M1 1AE",
        source="s" * 40,
        updates=True,
        letter={"send": True, "opening": 1, "reply": True},
    )
    item = item_of(tables, PETITION, alice)
    assert item["letter"] == {"version": PETITION.letter_version, "opening": 1, "reply": True}
    assert write_units("PutItem", {"Item": to_wire(item)}, {"Error": "as estimated"}) == 1
