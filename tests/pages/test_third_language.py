"""A new language needs only a catalogue. This one has the code of Hebrew, made-up texts, and runs right to left."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages import Catalog

from chalicelib.core import language
from chalicelib.core.language import language_of, languages
from chalicelib.mail import send
from chalicelib.pages import render
from chalicelib.petitions.model import Petition
from stack.languages import compiled, read_catalogue, write_catalogue
from tests.actors import WELSH, a_published_petition, json_of, request_of, signed
from tests.fake_site import FakeSite

CODE = "he"
HEBREW = {**WELSH, "title": "ילדים בטוחים"}


def fake_translation(text: str) -> str:
    """Return a valid translation: the same values and tags, after a letter of the Hebrew script."""
    return f"א{text}"


def translated_forms(text: str | list[str] | tuple[str, ...], plurals: int) -> str | tuple[str, ...]:
    """Translate a text. A text with a number has an English singular and plural, and as many forms as the language."""
    if not isinstance(text, tuple):
        return fake_translation(str(text))
    singular, plural = text
    others = [fake_translation(plural)] * (plurals - 1)
    return (fake_translation(singular), *others)


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a catalogue of all texts that the Welsh one has, as a translator would write it."""
    folder = tmp_path_factory.mktemp("languages")
    texts = Catalog(CODE)
    for message in read_catalogue(language.FOLDER / "cy.po"):
        if message.id:
            texts.add(message.id, translated_forms(message.id, texts.num_plurals), context=message.context)
    write_catalogue(folder / f"{CODE}.po", texts)
    (folder / f"{CODE}.mo").write_bytes(compiled(folder / f"{CODE}.po"))
    return folder


@pytest.fixture
def hebrew(catalogue: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Add the language."""
    monkeypatch.setattr(language, "FOLDER", catalogue)
    caches = (languages, language_of, render._templates, send._templates)
    for cache in caches:
        cache.cache_clear()
    yield
    monkeypatch.undo()
    for cache in caches:
        cache.cache_clear()


@pytest.mark.usefixtures("hebrew")
def test_a_catalogue_alone_adds_a_language_to_pages_emails_and_errors(fake_site: FakeSite) -> None:
    petition = a_published_petition(fake_site.tables, slug="yeladim", translations={CODE: HEBREW}, receipt=True)
    page = fake_site.get(f"/petitions/{petition.slug}?lang={CODE}").body.decode()
    assert f'<html lang="{CODE}" dir="rtl">' in page
    assert HEBREW["title"] in page
    assert fake_translation("Sign this petition") in page
    assert "ישראל" in page, "countries have their names in the language"
    assert f'hreflang="{CODE}" aria-current="true">עברית</a>' in page
    assert "Sign this petition" not in page.replace(fake_translation("Sign this petition"), "")
    assert_signing_keeps_the_language(fake_site, petition)


def assert_signing_keeps_the_language(fake_site: FakeSite, petition: Petition) -> None:
    wrong = fake_site.post_form(f"/petitions/{petition.slug}/signatures?lang={CODE}", {"name": "", "email": "x"})
    assert fake_translation("Enter your name") in wrong.body.decode()
    refused = fake_site.post_json(f"/api/petitions/{petition.slug}/signatures?lang={CODE}", {"name": ""})
    assert fake_translation("Enter your name") in {error["message"] for error in refused.json_body["errors"]}
    answer = fake_site.post_json(f"/api/petitions/{petition.slug}/signatures", json_of(language=CODE))
    assert answer.status_code == 202


def test_a_language_without_a_catalogue_is_unknown(fake_site: FakeSite) -> None:
    answer = fake_site.post_json("/api/petitions/safe-children/signatures", json_of(language=CODE))
    assert answer.status_code == 422
    assert answer.json_body["errors"] == [{"field": "language", "message": "Choose a language that this site has"}]
    assert '<html lang="en" dir="ltr">' in fake_site.get(f"/petitions/safe-children?lang={CODE}").body.decode()


@pytest.mark.usefixtures("hebrew")
def test_emails_in_the_language_are_written_from_right_to_left(fake_site: FakeSite) -> None:
    petition = a_published_petition(fake_site.tables, slug="yeladim", translations={CODE: HEBREW})
    identity = signed(fake_site.tables, petition, language=CODE)
    fake_site.deliver("send_mail", [request_of(fake_site.tables, petition, identity).model_dump()])
    [mail] = fake_site.mailer.mails
    assert f'<html lang="{CODE}" dir="rtl">' in mail.html
    assert "border-right:4px" in mail.html
    assert mail.subject == fake_translation(f"Please confirm that it was you: {HEBREW['title']}")
    page = fake_site.get(fake_site.last_link("confirm")).body.decode()
    assert fake_translation("Confirm your signature") in page
    assert f'action="/confirm?lang={CODE}"' in page
