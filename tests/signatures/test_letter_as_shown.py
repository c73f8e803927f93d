"""The page to confirm shows the letter that its form sends, also if staff changed the petition's letter since."""

from typing import Any

import pytest

from chalicelib.petitions.find import forget_petitions
from chalicelib.petitions.model import Petition
from tests.fake_site import FakeSite
from tests.letters.lettering import LETTER, a_petition_with_a_letter
from tests.signatures.test_letter_page import deliver_letters, form_fields, sign_with_letter, text_of

MINE = "I was trafficked as a child."


def letter_sent_as_shown(fake_site: FakeSite, petition: Petition, link: str) -> str:
    """Confirm by the page's form. Return the letter that is sent, which must be the one that the page shows."""
    page = fake_site.get(link)
    assert fake_site.post_form("/confirm", form_fields(page)).status_code == 200
    [mail] = deliver_letters(fake_site, petition)
    text = " ".join(mail.text.partition("\n-- \n")[0].split())
    assert text in text_of(page)
    return text


def edit_letter(fake_site: FakeSite, **changes: Any) -> Petition:
    petition = a_petition_with_a_letter(fake_site, **changes)
    forget_petitions()
    return petition


@pytest.mark.parametrize("has_suggestions_at_first", [True, False])
def test_an_opening_of_ones_own_is_sent_although_the_letter_suggests_none(
    fake_site: FakeSite, has_suggestions_at_first: bool
) -> None:
    petition = a_petition_with_a_letter(fake_site, **({} if has_suggestions_at_first else {"openings": []}))
    link = sign_with_letter(fake_site, petition, opening=MINE)
    edited = edit_letter(fake_site, openings=[])
    assert MINE in letter_sent_as_shown(fake_site, edited, link)


def test_the_page_does_not_show_words_of_ones_own_after_staff_have_fixed_the_letter(
    fake_site: FakeSite, letter_petition: Petition
) -> None:
    link = sign_with_letter(fake_site, letter_petition, opening=MINE, subject="My subject", body="My words.")
    edited = edit_letter(fake_site, may_edit=False)
    assert "I ask you to guarantee every trafficked child" in letter_sent_as_shown(fake_site, edited, link)


def test_a_suggested_opening_stays_chosen_after_staff_have_fixed_the_letter(
    fake_site: FakeSite, letter_petition: Petition
) -> None:
    link = sign_with_letter(fake_site, letter_petition, opening=1)
    edited = edit_letter(fake_site, may_edit=False)
    assert LETTER["openings"][1] in letter_sent_as_shown(fake_site, edited, link)
