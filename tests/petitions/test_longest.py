"""The longest petition that a form can hold is saved: texts and letters in two languages."""

from chalicelib.petitions.form import MOST_KB
from tests.actors import WELSH
from tests.letters.lettering import LETTER, WELSH_LETTER
from tests.petitions.test_staff_api import ALL, ask, typed
from tests.served import Served

LONG, BODY = {"text": "t" * 20_000}, {"body": "l" * 3_000}


def test_the_longest_texts_and_letters_in_two_languages_are_saved(served: Served) -> None:
    welsh = {**WELSH, **LONG, "letter": WELSH_LETTER | BODY}
    whole = typed(slug="long", **LONG, translations={"cy": welsh}, letter=LETTER | BODY)
    assert ask(served, "POST", ALL, whole).status_code == 201
    assert ask(served, "PUT", f"{ALL}/long", whole).status_code == 200
    assert ask(served, "GET", f"{ALL}/long").json_body["translations"]["cy"]["letter"]["body"] == BODY["body"]


def test_a_larger_one_is_413(served: Served) -> None:
    answer = ask(served, "POST", ALL, typed(text="t" * MOST_KB * 1024))
    assert (answer.status_code, answer.json_body["detail"]) == (413, "The body must be 64 KB or less.")
