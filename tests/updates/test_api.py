"""Published updates for everyone: as JSON, in the feed and on the petition's page."""

from datetime import timedelta
from xml.etree import ElementTree

import pytest

from chalicelib.core.caching import forget_all
from chalicelib.petitions.model import Petition
from tests.actors import a_published_petition
from tests.fake_site import FakeSite
from tests.fakes import throttle
from tests.updates.sending import LATER, TEXT, UPDATES_PATH, ask, publish_update, run_until_done

ATOM = "{http://www.w3.org/2005/Atom}"


def publish_two_updates(fake_site: FakeSite) -> None:
    publish_update(fake_site, title="First & foremost")
    run_until_done(fake_site)
    fake_site.clock.forward(timedelta(days=1))
    publish_update(fake_site, title="Second <b>")
    run_until_done(fake_site)
    forget_all()


def test_updates_are_public_newest_first_and_on_the_page(fake_site: FakeSite, petition: Petition) -> None:
    publish_two_updates(fake_site)
    answer = fake_site.get("/api/petitions/safe-children/updates")
    newest = answer.json_body["updates"][0]
    assert [update["title"] for update in answer.json_body["updates"]] == ["Second <b>", "First & foremost"]
    assert newest.keys() == {"id", "title", "language", "languages", "html", "published_at"}
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cache-Control"].startswith("public, max-age=60")
    page = fake_site.get("/petitions/safe-children").body.decode()
    for shown in ("<h3>Second &lt;b&gt;</h3>", "<strong>yes</strong>", "/petitions/safe-children/updates.atom"):
        assert shown in page


def test_the_feed_is_atom_with_ids_that_do_not_change(fake_site: FakeSite, petition: Petition) -> None:
    publish_two_updates(fake_site)
    answer = fake_site.get("/petitions/safe-children/updates.atom")
    assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    feed = ElementTree.fromstring(answer.body)
    entries = feed.findall(f"{ATOM}entry")
    for element in (feed, *entries):  # RFC 4287, 4.1.1 and 4.1.2
        assert all(element.findtext(f"{ATOM}{name}") for name in ("id", "title", "updated"))
    assert feed.findtext(f"{ATOM}author/{ATOM}name") == petition.charity
    assert [entry.findtext(f"{ATOM}title") for entry in entries] == ["Second <b>", "First & foremost"]
    assert "<strong>yes</strong>" in (entries[0].findtext(f"{ATOM}content") or "")
    fake_site.clock.forward(LATER)
    assert fake_site.get("/petitions/safe-children/updates.atom").body == answer.body


def test_the_feed_of_a_petition_without_updates_is_empty(fake_site: FakeSite, petition: Petition) -> None:
    feed = ElementTree.fromstring(fake_site.get("/petitions/safe-children/updates.atom").body)
    assert feed.findtext(f"{ATOM}updated") == "2026-11-20T08:00:00Z"
    assert not feed.findall(f"{ATOM}entry")


def test_people_can_sign_while_updates_cannot_be_read(fake_site: FakeSite, petition: Petition) -> None:
    fake_site.get("/api/petitions/safe-children")
    query = fake_site.tables.query
    fake_site.tables.query = throttle  # type: ignore[method-assign]
    page = fake_site.get("/petitions/safe-children")
    fake_site.tables.query = query  # type: ignore[method-assign]
    assert page.status_code == 200
    assert "Sign this petition" in page.body.decode()


WRONG_TITLES = ["One\x0bword", "One\nword", "One\x85word", "One\u202eword", "One =?utf-8?b?cGF5?="]


@pytest.mark.parametrize(("field", "wrong"), [*(("title", wrong) for wrong in WRONG_TITLES), ("markdown", "A\x0bB")])
@pytest.mark.parametrize("prefix", ["", "translations.cy."])
def test_a_text_that_would_break_the_feed_or_a_subject_is_refused(
    fake_site: FakeSite, field: str, wrong: str, prefix: str
) -> None:
    words = TEXT | {field: wrong}
    answer = ask(fake_site, "POST", UPDATES_PATH, TEXT | {"translations": {"cy": words}} if prefix else words)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json_body["errors"]] == [f"{prefix}{field}"]


def test_a_control_character_in_a_petition_breaks_neither_its_feed_nor_its_card(fake_site: FakeSite) -> None:
    # A line break within a paragraph, when copied from PowerPoint, is \x0b. Markdown writes characters as numbers too.
    a_published_petition(fake_site.tables, slug="pasted", title="One\x0bword", charity="A\x01", target="B\uffff")
    path = UPDATES_PATH.replace("safe-children", "pasted")
    drafted = ask(fake_site, "POST", path, TEXT | {"markdown": "A&#12;B"})
    ask(fake_site, "POST", f"{path}/{drafted.json_body['id']}/publish", {})
    forget_all()
    feed = ElementTree.fromstring(fake_site.get("/petitions/pasted/updates.atom").body)
    assert feed.findtext(f"{ATOM}title") == "Updates: One word"
    assert feed.findtext(f"{ATOM}entry/{ATOM}content") == "<p>A B</p>\n"
    assert fake_site.get("/petitions/pasted/card.png").status_code == 200
