"""The receipt, from the confirm page to the mailbox, in the language of the signature."""

import re
from datetime import timedelta

from chalicelib.petitions.find import forget_petitions
from tests.actors import WELSH, a_published_petition, item_of, request_of, signed
from tests.fake_site import FakeSite, link_in, stream_event, token_in


def test_a_receipt_is_sent_once_after_the_confirmation_in_the_language_of_the_signature(fake_site: FakeSite) -> None:
    petition = a_published_petition(fake_site.tables, slug="gyda-derbynneb", translations={"cy": WELSH}, receipt=True)
    forget_petitions()
    identity = signed(fake_site.tables, petition, language="cy")
    fake_site.deliver("send_mail", [request_of(fake_site.tables, petition, identity).model_dump()])
    before = item_of(fake_site.tables, petition, identity)
    link = fake_site.last_link("confirm")
    [version] = re.findall(r'name="version" value="([^"]+)"', fake_site.get(link).body.decode())
    for _ in range(2):
        page = fake_site.post_form(link, {"token": token_in(link), "version": version}).body.decode()
        assert "Diolch. Mae eich llofnod wedi’i gyfrif." in page
    fake_site.invoke("relay_mail", stream_event([("1", before, item_of(fake_site.tables, petition, identity))]))
    fake_site.clock.forward(timedelta(minutes=2))
    assert len(fake_site.other_queue.messages) == 1, "a receipt must not delay emails that people wait for"
    for _ in range(2):
        fake_site.deliver("send_other_mail", fake_site.other_queue.messages)
    _, receipt = fake_site.mailer.mails
    assert receipt.subject == f"Mae eich llofnod wedi’i gyfrif: {WELSH['title']}"
    assert WELSH["sign_wording"] in receipt.text
    assert link_in(receipt, "withdraw").endswith("&lang=cy")
