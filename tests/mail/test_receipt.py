"""The receipt, from the confirm page to the mailbox, in the language of the signature."""

import re
from datetime import timedelta

from chalicelib.petitions.find import forget_petitions
from tests.actors import WELSH, a_published_petition, item_of, request_of, signed
from tests.served import Served, link_in, stream_event, token_in


def test_a_receipt_follows_the_confirmation_once_in_the_language_of_the_signature(served: Served) -> None:
    petition = a_published_petition(served.tables, slug="gyda-derbynneb", translations={"cy": WELSH}, receipt=True)
    forget_petitions()
    identity = signed(served.tables, petition, language="cy")
    served.deliver("send_mail", [request_of(served.tables, petition, identity).model_dump()])
    before = item_of(served.tables, petition, identity)
    link = served.last_link("confirm")
    [version] = re.findall(r'name="version" value="([^"]+)"', served.get(link).body.decode())
    for _ in range(2):
        page = served.post_form(link, {"token": token_in(link), "version": version}).body.decode()
        assert "Diolch. Mae eich llofnod wedi’i gyfrif." in page
    served.invoke("relay_mail", stream_event([("1", before, item_of(served.tables, petition, identity))]))
    served.clock.forward(timedelta(minutes=2))
    assert len(served.other_queue.messages) == 1, "it must not delay emails that people wait for"
    for _ in range(2):
        served.deliver("send_other_mail", served.other_queue.messages)
    _, receipt = served.mailer.mails
    assert receipt.subject == f"Mae eich llofnod wedi’i gyfrif: {WELSH['title']}"
    assert WELSH["sign_wording"] in receipt.text
    assert link_in(receipt, "withdraw").endswith("&lang=cy")
