"""Sign, email, confirm, count: each handler on the emulator's tables, stream, queues and SES."""

from chalicelib.petitions.model import Petition
from chalicelib.projections.breakdowns import pending_count
from tests.flows.handlers import EmulatedSite, link_in, token_in


def test_a_signature_counts_when_its_person_confirms(site: EmulatedSite) -> None:
    assert site.sign().status_code == 202
    [mail] = site.deliver()
    assert site.count() == 0
    path = link_in(mail, "confirm")
    shown = site.get(path)
    assert shown.status_code == 200
    assert b"Alice" in shown.body
    assert site.count() == 0, "opening the link must change nothing"
    for _ in range(3):
        assert site.post_form("/confirm", {"token": token_in(path)}).status_code == 200
    assert site.count() == 1


def test_redelivered_records_and_messages_send_one_email(site: EmulatedSite, petition: Petition) -> None:
    site.sign()
    records = site.new_records()
    for _ in range(3):
        site.relay(records)
        site.project(records)
    messages = site.receive_mail_messages()
    assert len(messages) == 3
    for _ in range(2):
        site.send(messages)
    assert len(site.new_mails()) == 1
    assert pending_count(petition.slug, site.aws.tables) == 1
