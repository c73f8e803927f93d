"""The access file has the text and the wording of a signature that a partner obtained."""

from chalicelib.partners.form import read_signature
from chalicelib.partners.receive import take_each
from chalicelib.petitions.edit import publish
from tests.actors import NOW, WELSH, a_published_petition, identity_of, signed
from tests.fake_site import FakeSite
from tests.partnering import a_partner, a_receiving_context, sent_of
from tests.people.test_api import ask


def test_the_access_file_has_the_text_and_the_wording_with_which_a_partner_obtained_the_signature(
    fake_site: FakeSite, token: str
) -> None:
    petition = a_published_petition(fake_site.tables, slug="in-welsh", translations={"cy": WELSH})
    oak = a_partner(fake_site.tables)
    sent = sent_of(language="cy", consent={"wording": "I sign, says Oak", "version": "2", "updates": True})
    take_each([read_signature(sent, oak, NOW)], a_receiving_context(fake_site.tables, petition, oak), NOW)
    signed(fake_site.tables, petition)
    publish(petition.model_copy(update={"text": "Another text", "translations": {}}), NOW, fake_site.tables)
    path = f"/api/staff/people/in-welsh/{identity_of(petition)}/access"
    [signature] = ask(fake_site, token, "POST", path).json_body["signatures"]
    assert (signature["obtained"]["by"], signature["obtained"]["also_by"]) == ("Partner-Oak", [petition.charity])
    text = signature["signed_text"]
    assert (text["text"], text["version"]) == (WELSH["text"], f"{petition.text_version}.2")
    consents = [(each["to"], each["given"], each["wording"]) for each in signature["consents"]]
    assert consents == [("sign", True, "I sign, says Oak"), ("updates", True, None)]
