"""Helpers for tests of letters: a petition with a letter, people who send it, and the delivery of the emails."""

from typing import Any

from chalicelib.aws.email import Mail
from chalicelib.mail.sweep import LOST_AFTER_IF_NO_BACKLOG, REQUEUE_AFTER
from chalicelib.petitions.model import Petition
from tests.actors import ALICE, Person, a_published_petition, change_item, confirmed, item_of
from tests.fake_site import FakeSite, stream_event

HOME_SECRETARY = "home.secretary@target.example"
TARGET = {"key": "home-secretary", "name": "Home Secretary", "email": HOME_SECRETARY}
LETTER: dict[str, Any] = {
    "subject": "Specialist support for trafficked children",
    "body": "I ask you to guarantee every trafficked child specialist support.\n\nPlease tell me what you will do.",
    "openings": ["I have signed a petition to you.", "I work with children."],
    "send_wording": "Send this letter to the Home Secretary in my name",
    "reply_wording": "The Home Secretary may see my address, to reply",
    "targets": [TARGET],
}
WELSH_LETTER = {
    "subject": "Cymorth arbenigol i blant sydd wedi’u masnachu",
    "body": "Gofynnaf i chi sicrhau cymorth arbenigol.",
    "openings": ["Rwyf wedi llofnodi deiseb i chi."],
    "send_wording": "Anfonwch y llythyr hwn yn fy enw i",
    "reply_wording": "Caiff weld fy nghyfeiriad, i ateb",
    "target_names": {"home-secretary": "Ysgrifennydd Cartref"},
}


def a_petition_with_a_letter(fake_site: FakeSite, **changes: Any) -> Petition:
    return a_published_petition(fake_site.tables, letter=LETTER | changes)


def publish_with_delivery(fake_site: FakeSite, delivery: dict[str, Any]) -> Petition:
    """Publish the petition, or change it, so that its target gets letters in this way."""
    return a_petition_with_a_letter(fake_site, targets=[{**TARGET, "delivery": delivery}])


def confirmed_with_a_letter(fake_site: FakeSite, petition: Petition, person: Person = ALICE, **letter: Any) -> str:
    """Sign with a letter and confirm. Return the signature's id. The stream is not relayed yet."""
    identity = confirmed(fake_site.tables, petition, person)
    change_item(fake_site.tables, petition, identity, letter={"version": petition.letter_version} | letter)
    return identity


def relay(fake_site: FakeSite, before: Any, after: Any) -> None:
    fake_site.invoke("relay_mail", stream_event([("MODIFY", before, after)]))


def send_all(fake_site: FakeSite) -> None:
    """Deliver each message of the other email queue once. A message that fails stays."""
    messages, fake_site.other_queue.messages[:] = list(fake_site.other_queue.messages), []
    for message in messages:
        failed_ids = fake_site.deliver("send_other_mail", [message])
        if failed_ids:
            fake_site.other_queue.messages.append(message)


def sweep_and_send_all(fake_site: FakeSite) -> None:
    """Let the sweep queue the emails that wait or are held, and deliver all."""
    fake_site.clock.forward(REQUEUE_AFTER + LOST_AFTER_IF_NO_BACKLOG)
    fake_site.invoke("check_mail", {"task": "sweep"})
    send_all(fake_site)


PENDING: dict[str, Any] = {"state": "pending", "letter": {"version": "1"}}


def request_letter(fake_site: FakeSite, petition: Petition, person: Person = ALICE, **letter: Any) -> str:
    """Sign with a letter, confirm, and relay that. Return the signature's id."""
    identity = confirmed_with_a_letter(fake_site, petition, person, **letter)
    relay(fake_site, PENDING, item_of(fake_site.tables, petition, identity))
    return identity


def send_alices_letter(fake_site: FakeSite, petition: Petition, **letter: Any) -> list[Mail]:
    """Let Alice confirm with this letter, send all emails and return them."""
    request_letter(fake_site, petition, **letter)
    send_all(fake_site)
    return fake_site.mailer.mails
