"""The longest petition that a form can hold is saved: texts and letters in two languages."""

from chalicelib.petitions.form import MAX_PETITION_KB
from tests.actors import WELSH
from tests.fake_site import FakeSite
from tests.letters.lettering import LETTER, WELSH_LETTER
from tests.petitions.test_staff_api import PETITIONS_URL, ask, petition_fields

LONG_TEXT, LONG_BODY = {"text": "t" * 20_000}, {"body": "l" * 3_000}


def test_the_longest_texts_and_letters_in_two_languages_are_saved(fake_site: FakeSite) -> None:
    welsh = {**WELSH, **LONG_TEXT, "letter": WELSH_LETTER | LONG_BODY}
    petition = petition_fields(slug="long", **LONG_TEXT, translations={"cy": welsh}, letter=LETTER | LONG_BODY)
    assert ask(fake_site, "POST", PETITIONS_URL, petition).status_code == 201
    assert ask(fake_site, "PUT", f"{PETITIONS_URL}/long", petition).status_code == 200
    saved = ask(fake_site, "GET", f"{PETITIONS_URL}/long").json_body
    assert saved["translations"]["cy"]["letter"]["body"] == LONG_BODY["body"]


def test_a_larger_petition_is_413(fake_site: FakeSite) -> None:
    answer = ask(fake_site, "POST", PETITIONS_URL, petition_fields(text="t" * MAX_PETITION_KB * 1024))
    assert (answer.status_code, answer.json_body["detail"]) == (413, "The body must be 64 KB or less.")
