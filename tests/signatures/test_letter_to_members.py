"""The page to confirm shows which member of parliament gets the letter, or that the letter is not sent."""

from typing import Any

import pytest

from chalicelib.petitions.constituency_table import MemberOfParliament
from chalicelib.petitions.model import Petition
from tests.actors import identity_of, item_of, json_of
from tests.fake_site import FakeSite
from tests.letters.lettering import a_petition_with_a_letter
from tests.located import LOWER, UPPER, give_members
from tests.petitions.test_members import MP
from tests.signatures.test_api import API_PATH
from tests.signatures.test_letter_page import deliver_letters, form_fields, send_confirm_link, text_of

OFFICE = {"key": "office", "name": "Home Office", "email": "office@target.example"}
NOT_SENT = "We could not find your MP from this postcode, so your letter will not be sent."


@pytest.fixture
def letter_petition(fake_site: FakeSite, monkeypatch: pytest.MonkeyPatch) -> Petition:
    give_members(monkeypatch)
    return a_petition_with_a_letter(fake_site, targets=[MP])


def page_after_signing(fake_site: FakeSite, petition: Petition, **changes: Any) -> Any:
    body = json_of(letter={"send": True}, **changes)
    assert fake_site.post_json(API_PATH, body).status_code == 202
    return fake_site.get(send_confirm_link(fake_site, petition))


def test_the_letter_goes_to_the_member_whom_the_page_names(fake_site: FakeSite, letter_petition: Petition) -> None:
    page = page_after_signing(fake_site, letter_petition, postcode="ZZ1 1AA")
    assert f"To {UPPER.name} Subject" in text_of(page)
    assert f"Dear {UPPER.name}," in text_of(page)
    assert "We could not find" not in text_of(page)
    assert UPPER.email not in page.body.decode()
    fake_site.post_form("/confirm", form_fields(page))
    [mail] = deliver_letters(fake_site, letter_petition)
    assert mail.to == UPPER.email


@pytest.mark.parametrize("changes", [{}, {"postcode": "SW1A 1AA"}, {"postcode": "ZZ1 1AA", "country": "FR"}])
def test_the_page_says_that_a_letter_without_a_member_is_not_sent(
    fake_site: FakeSite, letter_petition: Petition, changes: dict[str, str]
) -> None:
    page = page_after_signing(fake_site, letter_petition, **changes)
    assert NOT_SENT in text_of(page)
    assert "To Nobody yet Subject" in text_of(page)
    assert fake_site.post_form("/confirm", form_fields(page)).status_code == 200
    assert deliver_letters(fake_site, letter_petition) == []


@pytest.mark.parametrize(
    ("postcode", "corrections", "member"),
    [
        ("ZZ1 1AA", {"postcode": "ZZ9 9ZZ"}, LOWER),
        ("AB1 1AA", {"postcode": "ZZ9 9ZZ"}, LOWER),
        ("ZZ1 1AA", {"postcode": "AB1 1AA"}, None),
        ("ZZ1 1AA", {"country": "FR", "postcode": "75001"}, None),
    ],
)
def test_after_a_corrected_postcode_the_page_shows_the_changed_letter_before_confirming(
    fake_site: FakeSite,
    letter_petition: Petition,
    postcode: str,
    corrections: dict[str, str],
    member: MemberOfParliament | None,
) -> None:
    """People see the letter as it will arrive before they send it. Their own words are in it."""
    fields = form_fields(page_after_signing(fake_site, letter_petition, postcode=postcode))
    page = fake_site.post_form("/confirm", fields | corrections | {"letter.body": "My own words."})
    assert page.status_code == 422
    assert item_of(fake_site.tables, letter_petition, identity_of(letter_petition))["state"] == "pending"
    text = text_of(page)
    assert "From this postcode, your letter goes to somebody else. Read it again, then confirm" in text
    assert 'href="#letter-member"' in page.body.decode()
    assert (f"Dear {member.name}, " if member else NOT_SENT) in text
    assert "My own words. Alice Achterberg" in text
    fake_site.post_form("/confirm", form_fields(page) | corrections)
    item = item_of(fake_site.tables, letter_petition, identity_of(letter_petition))
    assert (item["state"], item["postcode"]) == ("confirmed", corrections["postcode"])
    recipients = [mail.to for mail in deliver_letters(fake_site, letter_petition)]
    assert recipients == ([member.email] if member else [])


@pytest.mark.parametrize(
    "changes",
    [{"postcode": "zz11aa", "name": "Alice A"}, {"postcode": "ZZ9 9ZZ", "letter.send": "no"}],
)
def test_a_correction_that_does_not_change_the_letter_confirms_at_once(
    fake_site: FakeSite, letter_petition: Petition, changes: dict[str, str]
) -> None:
    fields = form_fields(page_after_signing(fake_site, letter_petition, postcode="ZZ1 1AA"))
    assert fake_site.post_form("/confirm", fields | changes).status_code == 200
    assert item_of(fake_site.tables, letter_petition, identity_of(letter_petition))["state"] == "confirmed"


@pytest.mark.parametrize("address", [UPPER.email, UPPER.email.upper().replace("@", "+office@")])
def test_a_member_who_is_also_a_target_is_named_once_and_gets_one_letter(
    fake_site: FakeSite, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    give_members(monkeypatch)
    minister = {"key": "minister", "name": "Minister", "email": address}
    petition = a_petition_with_a_letter(fake_site, targets=[MP, minister])
    page = page_after_signing(fake_site, petition, postcode="ZZ1 1AA")
    text = text_of(page)
    assert "To Minister Subject" in text
    assert "Dear Minister," in text
    assert "We could not find" not in text
    fake_site.post_form("/confirm", form_fields(page))
    assert [mail.to for mail in deliver_letters(fake_site, petition)] == [address]
