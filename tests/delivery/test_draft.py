"""Staff removed a petition, and made it a draft to check it: its letters and updates wait until it opens again."""

import pytest

from chalicelib.core.caching import forget_all
from chalicelib.petitions.edit import publish
from tests.actors import ALICE, NOW, a_petition
from tests.fake_site import FakeSite
from tests.letters.lettering import (
    HOME_SECRETARY,
    LETTER,
    TARGET,
    a_petition_with_a_letter,
    request_letter,
    send_all,
    sweep_and_send_all,
)
from tests.letters.test_digests import send_digests_at_seven, send_letters
from tests.updates.sending import LATER, publish_update, run_once, subscribe

DIGEST = LETTER | {"targets": [{**TARGET, "delivery": {"mode": "digest", "first": 0}}]}


def sent_while_draft(fake_site: FakeSite, letter: object = LETTER) -> list[str]:
    """Make the petition a draft. Let the senders try, return what they have sent, and open the petition again."""
    publish(a_petition(letter=letter, state="draft"), NOW, fake_site.tables)
    forget_all()
    send_all(fake_site)
    send_digests_at_seven(fake_site)
    recipients = [mail.to for mail in fake_site.mailer.mails]
    publish(a_petition(letter=letter, state="open"), NOW, fake_site.tables)
    forget_all()
    return recipients


@pytest.mark.parametrize("is_in_digest", [False, True])
def test_letters_wait_while_their_petition_is_a_draft_again(fake_site: FakeSite, is_in_digest: bool) -> None:
    letter = DIGEST if is_in_digest else LETTER
    petition = a_petition_with_a_letter(fake_site, **letter)
    if is_in_digest:
        send_letters(fake_site, petition, 1)
    else:
        request_letter(fake_site, petition)
    assert sent_while_draft(fake_site, letter) == []
    sweep_and_send_all(fake_site)
    assert [mail.to for mail in fake_site.mailer.mails] == [HOME_SECRETARY]


def test_emails_of_an_update_wait_while_its_petition_is_a_draft_again(fake_site: FakeSite) -> None:
    petition = a_petition_with_a_letter(fake_site)
    subscribe(fake_site, petition, [ALICE])
    publish_update(fake_site)
    fake_site.clock.forward(LATER)
    run_once(fake_site)
    assert fake_site.other_queue.messages
    assert sent_while_draft(fake_site) == []
    sweep_and_send_all(fake_site)
    assert [mail.to for mail in fake_site.mailer.mails] == [ALICE.email]
