"""One update in several languages. A reader gets the text in the language they signed in, or else the main text."""

from xml.etree import ElementTree

import pytest

from chalicelib.core.caching import forget_all
from chalicelib.petitions.edit import edit
from chalicelib.petitions.find import petition_as_stored
from chalicelib.petitions.model import Petition
from chalicelib.petitions.text import Translation
from tests.actors import ALICE, BOB, NOW
from tests.fake_site import FakeSite
from tests.letters.lettering import send_all
from tests.updates.sending import (
    TEXT,
    UPDATES_PATH,
    ask,
    draft_update,
    publish_update,
    run_until_done,
    subscribe,
)

WELSH = {"title": "Atebodd hi", "markdown": "Dywedodd hi **ie**."}
WITH_WELSH = {"translations": {"cy": WELSH}}


@pytest.fixture
def bilingual(fake_site: FakeSite, petition: Petition) -> Petition:
    stored = petition_as_stored(petition.slug, fake_site.tables)
    welsh = Translation(title="Deiseb", summary="A", text="B", sign_wording="C", updates_wording="D")
    edited = edit(stored.model_copy(update={"translations": {"cy": welsh}}), NOW, fake_site.tables)
    forget_all()
    return edited


def test_each_signer_gets_the_language_they_signed_in(fake_site: FakeSite, bilingual: Petition) -> None:
    subscribe(fake_site, bilingual, [ALICE], language="cy")
    subscribe(fake_site, bilingual, [BOB])
    publish_update(fake_site, **WITH_WELSH)
    run_until_done(fake_site)
    mails = {mail.to: mail for mail in fake_site.mailer.mails}
    assert (mails[ALICE.email].subject, mails[BOB.email].subject) == ("Atebodd hi", TEXT["title"])
    assert 'lang="cy"><p>Dywedodd hi <strong>ie</strong>' in mails[ALICE.email].html
    assert "Deiseb" in mails[ALICE.email].text


def test_a_signer_in_a_language_that_the_update_lacks_gets_the_main_text_between_words_in_that_language(
    fake_site: FakeSite, bilingual: Petition
) -> None:
    subscribe(fake_site, bilingual, [ALICE], language="cy")
    publish_update(fake_site)
    run_until_done(fake_site)
    [mail] = fake_site.mailer.mails
    assert mail.subject == TEXT["title"]
    assert f'lang="en">{"<p>She said"}' in mail.html
    assert "Helô Alice Achterberg," in mail.text
    assert fake_site.last_link("unsubscribe").endswith("&lang=cy")


def test_page_feed_and_json_follow_the_language_of_the_address(fake_site: FakeSite, bilingual: Petition) -> None:
    publish_update(fake_site, **WITH_WELSH)
    run_until_done(fake_site)
    forget_all()
    for query, title in {"": TEXT["title"], "?lang=cy": "Atebodd hi"}.items():
        assert f"<h3>{title}</h3>" in fake_site.get(f"/petitions/safe-children{query}").body.decode()
        feed = ElementTree.fromstring(fake_site.get(f"/petitions/safe-children/updates.atom{query}").body)
        assert feed.findtext("{*}entry/{*}title") == title
        [update] = fake_site.get(f"/api/petitions/safe-children/updates{query}").json_body["updates"]
        assert (update["title"], update["languages"]) == (title, ["en", "cy"])


def test_staff_can_send_a_test_email_in_each_language(fake_site: FakeSite, bilingual: Petition) -> None:
    path = draft_update(fake_site, **WITH_WELSH)
    for language in ("en", "cy"):
        test_request = {"email": "bob@charity.example", "language": language}
        assert ask(fake_site, "POST", f"{path}/test", test_request).status_code == 202
        send_all(fake_site)
    english, welsh = fake_site.mailer.mails
    assert welsh.subject.endswith("Atebodd hi")
    assert "/petitions/safe-children?lang=cy" in welsh.text
    assert "/petitions/safe-children" in english.text
    assert "?lang=" not in english.text
    translation = ask(fake_site, "GET", path).json_body["translations"]["cy"]
    assert translation == {**WELSH, "html": "<p>Dywedodd hi <strong>ie</strong>.</p>\n"}


@pytest.mark.parametrize(
    "translations", [{"en": WELSH}, {"xx": WELSH}, {"cy": {"title": "Only"}}, {"cy": {**WELSH, "more": 1}}]
)
def test_an_invalid_translation_is_refused(
    fake_site: FakeSite, petition: Petition, translations: dict[str, object]
) -> None:
    assert ask(fake_site, "POST", UPDATES_PATH, {**TEXT, "translations": translations}).status_code == 422
