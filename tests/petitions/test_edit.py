"""Creating and editing petitions: revisions, conflicts and text versions."""

from collections.abc import Sequence

import pytest

from chalicelib.aws.table import Change, NewItem
from chalicelib.core import keys
from chalicelib.core.errors import Invalid, Stale, Throttled
from chalicelib.petitions.change import with_changes
from chalicelib.petitions.edit import create, edit, versions
from chalicelib.petitions.find import petition_as_stored
from chalicelib.petitions.publish import raise_shards
from chalicelib.tallies.count import exact_count
from tests.actors import DAY, NOW, a_petition, a_published_petition, confirmed, item_of
from tests.fakes import FakeTables

SLUG = "safe-children"


def test_a_new_petition_has_revision_1_and_a_count(tables: FakeTables) -> None:
    petition = create(a_petition(state="draft"), NOW, tables)
    assert petition_as_stored(SLUG, tables) == petition
    assert petition.revision == 1
    assert exact_count(petition, NOW, tables).confirmed == 0


def test_only_one_of_two_concurrent_creates_gets_the_slug(tables: FakeTables) -> None:
    class SlugTakenMeanwhile(FakeTables):
        def transact(self, writes: Sequence[Change | NewItem]) -> None:
            new = writes[0]
            if isinstance(new, NewItem) and new.key not in self.items:
                self.put_new(NewItem(new.key, {**new.item, "title": "From the other create"}))
            super().transact(writes)

    taken_meanwhile = SlugTakenMeanwhile()
    with pytest.raises(Invalid):
        create(a_petition(), NOW, taken_meanwhile)
    assert petition_as_stored(SLUG, taken_meanwhile).title == "From the other create"


def test_an_edit_based_on_a_stale_revision_is_refused(tables: FakeTables) -> None:
    petition = a_published_petition(tables)
    first = edit(with_changes(petition, title="First"), NOW, tables)
    with pytest.raises(Stale):
        edit(with_changes(petition, title="Second"), NOW, tables)
    assert petition_as_stored(SLUG, tables) == first
    assert first.revision == petition.revision + 1


def test_an_edit_whose_text_cannot_be_stored_is_not_shown(tables: FakeTables, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody may sign a text that is not stored."""
    petition = a_published_petition(tables)

    def fail(_: NewItem) -> None:
        raise Throttled("storage")

    monkeypatch.setattr(tables, "put_new", fail)
    with pytest.raises(Throttled):
        edit(with_changes(petition, text="We ask for more."), NOW, tables)
    assert petition_as_stored(SLUG, tables) == petition


def test_an_invalid_edit_changes_nothing(tables: FakeTables) -> None:
    petition = a_published_petition(tables)
    before = dict(tables.items)
    with pytest.raises(Invalid) as caught:
        edit(with_changes(petition, title="", goal=0, goals=[5, 5], closes_at=petition.opened_at), NOW, tables)
    assert {error.field for error in caught.value.errors} == {"title", "goal", "goals", "closes_at"}
    assert tables.items == before


def test_a_signature_keeps_the_version_that_was_signed(tables: FakeTables) -> None:
    petition = a_published_petition(tables)
    identity = confirmed(tables, petition)
    edited = edit(with_changes(petition, text="We ask for more."), NOW + DAY, tables)
    item = item_of(tables, petition, identity)
    assert item["text_version"] == petition.text_version != edited.text_version
    assert [text.version for text in versions(edited, tables)] == [petition.version, edited.version]


def test_a_petition_without_a_revision_can_be_edited(tables: FakeTables) -> None:
    a_published_petition(tables)
    stored = tables.items[keys.petition(SLUG)]
    for name in ("revision", "goals"):
        del stored[name]
    old = petition_as_stored(SLUG, tables)
    assert (old.revision, old.goals, old.paused_at, old.removed_reason) == (0, [], None, None)
    assert edit(with_changes(old, title="New"), NOW, tables).revision == 1
    with pytest.raises(Stale):
        edit(with_changes(old, title="Newer"), NOW, tables)


def test_an_edit_never_undoes_a_concurrent_raise_of_shards(tables: FakeTables) -> None:
    petition = a_published_petition(tables, shards=2)
    raise_shards(SLUG, 9, tables)
    with pytest.raises(Stale):
        edit(with_changes(petition, title="New"), NOW, tables)
    assert petition_as_stored(SLUG, tables).shards == 9
