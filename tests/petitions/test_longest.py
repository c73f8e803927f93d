"""The longest petition that a form can hold is saved: texts and letters in two languages."""

from chalicelib.petitions.form import MOST_KB
from tests.actors import WELSH
from tests.fake_site import FakeSite
from tests.letters.lettering import LETTER, WELSH_LETTER
from tests.petitions.test_staff_api import ALL, ask, typed

LONG, BODY = {"text": "t" * 20_000}, {"body": "l" * 3_000}


def test_the_longest_texts_and_letters_in_two_languages_are_saved(fake_site: FakeSite) -> None:
    welsh = {**WELSH, **LONG, "letter": WELSH_LETTER | BODY}
    whole = typed(slug="long", **LONG, translations={"cy": welsh}, letter=LETTER | BODY)
    assert ask(fake_site, "POST", ALL, whole).status_code == 201
    assert ask(fake_site, "PUT", f"{ALL}/long", whole).status_code == 200
    assert ask(fake_site, "GET", f"{ALL}/long").json_body["translations"]["cy"]["letter"]["body"] == BODY["body"]


def test_a_larger_one_is_413(fake_site: FakeSite) -> None:
    answer = ask(fake_site, "POST", ALL, typed(text="t" * MOST_KB * 1024))
    assert (answer.status_code, answer.json_body["detail"]) == (413, "The body must be 64 KB or less.")
