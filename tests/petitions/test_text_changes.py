"""The page of a petition says what changed in its text since it opened."""

import random
from time import process_time
from typing import Any

import pytest

from chalicelib.aws.table import Tables
from chalicelib.core.errors import Stale
from chalicelib.petitions import find
from chalicelib.petitions.edit import MAX_PUBLIC_TEXTS, create, edit, with_changes
from chalicelib.petitions.find import petition_as_stored
from chalicelib.petitions.model import Petition
from chalicelib.petitions.text_changes import MAX_CHARACTERS, changes_for_page
from tests.actors import DAY, NOW, OPENED, WELSH, a_petition
from tests.fake_site import FakeSite

HOUR = DAY / 24
TEXT = "We ask for **a guardian**.\n\nWe ask for a home."


def opened(tables: Tables, **changes: Any) -> Petition:
    return create(a_petition(slug="trees", text=TEXT, **changes), OPENED, tables)


def edited(petition: Petition, tables: Tables, hours: int, **changes: Any) -> Petition:
    stored = petition_as_stored(petition.slug, tables)
    return edit(with_changes(stored, **changes), NOW + hours * HOUR, tables)


def shown(petition: Petition, tables: Tables, language: str = "en") -> list[tuple[object, str]]:
    """Return each change, newest first, with [-removed-] and {+new+} words."""
    marks = {"": "{}", "del": "[-{}-]", "ins": "{{+{}+}}"}
    changes = changes_for_page(petition, None, tables)[language]
    return [
        (change.at, "|".join(" ".join(marks[tag].format(words) for tag, words in each) for each in change.paragraphs))
        for change in changes
    ]


def test_each_change_has_its_time_and_its_words(fake_site: FakeSite) -> None:
    petition = opened(fake_site.tables)
    edited(petition, fake_site.tables, 1, text=TEXT.replace("a home", "a *safe* home"))
    petition = edited(petition, fake_site.tables, 2, title="A new title", text="We ask for a safe home.")
    newest, older = shown(petition, fake_site.tables)
    assert older == (NOW + HOUR, "We ask for a {+safe+} home.")
    assert newest[0] == NOW + 2 * HOUR
    assert newest[1].endswith("|[-We ask for a guardian.-]")


def test_what_staff_changed_before_the_opening_stays_private(fake_site: FakeSite) -> None:
    petition = create(a_petition(slug="trees", text="A secret draft.", opened_at=NOW + HOUR), NOW, fake_site.tables)
    edited(petition, fake_site.tables, 0, text="A better draft.")
    petition = edited(petition, fake_site.tables, 2, text="A better text.")
    assert shown(petition, fake_site.tables) == [(NOW + 2 * HOUR, "A better [-draft.-] {+text.+}")]


def test_an_edit_that_was_refused_is_not_shown(fake_site: FakeSite) -> None:
    stale = opened(fake_site.tables)
    edited(stale, fake_site.tables, 1, text="A new text.")
    with pytest.raises(Stale):
        edit(with_changes(stale, text="Never public."), NOW + 2 * HOUR, fake_site.tables)
    petition = edited(stale, fake_site.tables, 3, text="A newer text.")
    assert "Never" not in str(shown(petition, fake_site.tables))


def test_a_new_consent_or_translation_changes_no_text(fake_site: FakeSite) -> None:
    petition = opened(fake_site.tables)
    edited(petition, fake_site.tables, 1, sign_wording="I sign it.")
    petition = edited(petition, fake_site.tables, 2, translations={"cy": WELSH})
    assert changes_for_page(petition, None, fake_site.tables) == {"en": [], "cy": []}
    petition = edited(petition, fake_site.tables, 3, translations={"cy": WELSH | {"title": "Teitl"}})
    assert [at for at, _ in shown(petition, fake_site.tables, "cy")] == [NOW + 3 * HOUR]


@pytest.mark.parametrize("words", ["ab", "abcdefgh" * 9])
def test_a_comparison_of_long_texts_is_short_and_takes_no_time(fake_site: FakeSite, words: str) -> None:
    def text() -> str:
        return "\n\n".join(" ".join(random.choices(words, k=199)) for _ in range(50))

    petition = opened(fake_site.tables)
    for number in range(MAX_PUBLIC_TEXTS + 2):
        petition = edited(petition, fake_site.tables, number, text=text())
    before = process_time()
    changes = changes_for_page(petition, None, fake_site.tables)["en"]
    assert process_time() - before < 0.5  # 10 comparisons, once for each version in a process.
    assert len(changes) == MAX_PUBLIC_TEXTS - 1
    assert sum(len(words) for each in changes for pieces in each.paragraphs for _, words in pieces) <= MAX_CHARACTERS


def test_the_page_reads_the_versions_once_and_only_of_a_changed_text(fake_site: FakeSite) -> None:
    petition = opened(fake_site.tables)

    def page_and_reads() -> tuple[str, int]:
        find._petition_cache.clear()
        fake_site.tables.calls.clear()
        page = fake_site.get("/petitions/trees").body.decode()
        return page, len(fake_site.tables.calls)

    page_and_reads()
    edited(petition, fake_site.tables, 0, goal=999, goals=[])
    page, usual = page_and_reads()
    assert "What changed in the text" not in page
    edited(petition, fake_site.tables, 1, text="We ask for <b>a home</b>.")
    page, reads = page_and_reads()
    assert "<ins>&lt;b&gt;a" in page
    assert (reads, page_and_reads()[1]) == (usual + 1, usual)
