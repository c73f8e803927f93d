"""One update in several languages: each reader gets it in theirs, if it has that language, or else the main text."""

from xml.etree import ElementTree

import pytest

from chalicelib.petitions.edit import edit
from chalicelib.petitions.find import forget_petitions, petition_as_stored
from chalicelib.petitions.model import Petition
from chalicelib.petitions.text import Translation
from chalicelib.updates.find import forget_updates
from tests.actors import ALICE, BOB, NOW
from tests.served import Served
from tests.updates.sending import TEXT, UPDATES, asked, drafted, published, send_once, subscribed, worked

WELSH = {"title": "Atebodd hi", "markdown": "Dywedodd hi **ie**."}
BOTH = {"translations": {"cy": WELSH}}


@pytest.fixture
def bilingual(served: Served, petition: Petition) -> Petition:
    stored = petition_as_stored(petition.slug, served.tables)
    words = Translation(title="Deiseb", summary="A", text="B", sign_wording="C", updates_wording="D")
    found = edit(stored.model_copy(update={"translations": {"cy": words}}), NOW, served.tables)
    forget_petitions()
    return found


def test_each_signer_gets_the_language_they_signed_in(served: Served, bilingual: Petition) -> None:
    subscribed(served, bilingual, [ALICE], language="cy")
    subscribed(served, bilingual, [BOB])
    published(served, **BOTH)
    worked(served)
    mails = {mail.to: mail for mail in served.mailer.mails}
    assert (mails[ALICE.email].subject, mails[BOB.email].subject) == ("Atebodd hi", TEXT["title"])
    assert 'lang="cy"><p>Dywedodd hi <strong>ie</strong>' in mails[ALICE.email].html
    assert "Deiseb" in mails[ALICE.email].text


def test_a_signer_in_a_language_that_the_update_lacks_gets_the_main_text(served: Served, bilingual: Petition) -> None:
    subscribed(served, bilingual, [ALICE], language="cy")
    published(served)
    worked(served)
    [mail] = served.mailer.mails
    assert mail.subject == TEXT["title"]
    assert f'lang="en">{"<p>She said"}' in mail.html


def test_page_feed_and_json_follow_the_language_of_the_address(served: Served, bilingual: Petition) -> None:
    published(served, **BOTH)
    worked(served)
    forget_updates()
    for query, title in {"": TEXT["title"], "?lang=cy": "Atebodd hi"}.items():
        assert f"<h3>{title}</h3>" in served.get(f"/petitions/safe-children{query}").body.decode()
        feed = ElementTree.fromstring(served.get(f"/petitions/safe-children/updates.atom{query}").body)
        assert feed.findtext("{*}entry/{*}title") == title
        [update] = served.get(f"/api/petitions/safe-children/updates{query}").json_body["updates"]
        assert (update["title"], update["languages"]) == (title, ["en", "cy"])


def test_a_test_can_be_had_in_each_language(served: Served, bilingual: Petition) -> None:
    path = drafted(served, **BOTH)
    assert asked(served, "POST", f"{path}/test", {"email": "bob@charity.example", "language": "cy"}).status_code == 202
    send_once(served)
    [mail] = served.mailer.mails
    assert mail.subject.endswith("Atebodd hi")
    shown = asked(served, "GET", path).json_body["translations"]["cy"]
    assert shown == {**WELSH, "html": "<p>Dywedodd hi <strong>ie</strong>.</p>\n"}


@pytest.mark.parametrize(
    "translations", [{"en": WELSH}, {"xx": WELSH}, {"cy": {"title": "Only"}}, {"cy": {**WELSH, "more": 1}}]
)
def test_a_translation_that_is_not_whole_is_refused(
    served: Served, petition: Petition, translations: dict[str, object]
) -> None:
    assert asked(served, "POST", UPDATES, {**TEXT, "translations": translations}).status_code == 422
