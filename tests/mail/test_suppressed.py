"""A test email to an address on SES's suppression list is refused with the reason: SES would drop it without a word."""

import pytest

from chalicelib.core.errors import Unavailable
from tests.fake_site import FakeSite
from tests.letters.lettering import a_petition_with_a_letter
from tests.letters.test_counts import TARGET
from tests.letters.test_staff_api import PATH as LETTERS_PATH
from tests.updates.sending import ask, draft_update

BOB = "bob@charity.example"


@pytest.fixture(params=["a letter", "an update"])
def test_path(fake_site: FakeSite, request: pytest.FixtureRequest) -> str:
    a_petition_with_a_letter(fake_site)
    return f"{LETTERS_PATH}/{TARGET}/test" if request.param == "a letter" else f"{draft_update(fake_site)}/test"


def test_a_test_email_to_a_suppressed_address_is_refused_with_the_reason(fake_site: FakeSite, test_path: str) -> None:
    fake_site.quota.suppressed.add(BOB)
    answer = ask(fake_site, "POST", test_path, {"email": BOB})
    [error] = answer.json_body["errors"]
    assert (answer.status_code, error["field"]) == (422, "email")
    assert error["message"].startswith("Our email provider sends nothing to this address")
    assert not fake_site.other_queue.messages
    assert ask(fake_site, "POST", test_path, {"email": "bea@charity.example"}).status_code == 202


def test_a_test_email_is_sent_if_ses_does_not_say_whether_its_address_is_suppressed(
    fake_site: FakeSite, test_path: str
) -> None:
    fake_site.quota.failures.append(Unavailable("mail quota"))
    assert ask(fake_site, "POST", test_path, {"email": BOB}).status_code == 202
    assert fake_site.other_queue.messages
