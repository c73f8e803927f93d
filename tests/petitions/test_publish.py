"""Publishing from a file, and creating and editing: revisions, conflicts, text versions and shards."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from chalicelib.aws.table import Change, NewItem
from chalicelib.core import keys
from chalicelib.core.errors import Invalid, Stale, Throttled, UnknownPetition
from chalicelib.petitions.edit import create, edit, publish, raise_shards, with_changes
from chalicelib.petitions.find import petition_as_stored
from chalicelib.petitions.model import PetitionState
from chalicelib.petitions.transition import Transition, apply
from chalicelib.tallies.count import exact_count
from tests.actors import DAY, NOW, a_petition, a_published_petition
from tests.fakes import FakeTables


@pytest.mark.parametrize("step", range(7))
def test_an_interrupted_publish_shows_nothing_and_can_be_repeated(tables: FakeTables, step: int) -> None:
    class OneCallFails(FakeTables):
        calls_left = step

        def _called(self, name: str) -> None:
            if self.calls_left == 0:
                self.calls_left = -1
                raise Throttled("storage")
            self.calls_left -= 1
            super()._called(name)

    failing = OneCallFails()
    with pytest.raises(Throttled):
        publish(a_petition(), NOW, failing)
    with pytest.raises(UnknownPetition):
        petition_as_stored("safe-children", failing)
    publish(a_petition(), NOW, failing)
    assert exact_count(a_petition(), NOW, failing).confirmed == 0
    assert keys.petition("safe-children") in failing.items


def test_the_tally_head_is_raised_before_the_petition(tables: FakeTables) -> None:
    petition = a_published_petition(tables, shards=2)
    heads: list[int] = []

    class RecordsHeads(FakeTables):
        def _update(self, change: Change, returns: Mapping[str, str]) -> Any:
            heads.append(self.items[keys.tally_head(petition.slug)]["shards"])
            return super()._update(change, returns)

    recording = RecordsHeads()
    recording.items = tables.items
    assert raise_shards(petition.slug, 9, recording)
    assert heads == [2, 9], "the tally head must be raised before the petition"
    assert petition_as_stored(petition.slug, recording).shards == 9


@pytest.mark.parametrize("state", ["paused", "closed", "removed"])
def test_a_file_without_a_state_keeps_the_stored_one(tables: FakeTables, state: str) -> None:
    a_published_petition(tables, state=state, closes_at=NOW + DAY, paused_at=NOW, removed_reason="A copy.")
    petition = publish(a_petition(title="New"), NOW, tables)
    assert (petition.state, petition.paused_at, petition.removed_reason) == (state, NOW, "A copy.")
    assert (petition.title, petition.revision) == ("New", 2)
    assert petition_as_stored("safe-children", tables) == petition


def test_a_file_that_closes_later_does_not_change_when_staff_closed_the_petition(tables: FakeTables) -> None:
    """Otherwise people could confirm for weeks, and the page would say that it closed on a later day."""
    planned = NOW + 30 * DAY
    edit(apply(a_published_petition(tables, closes_at=planned), Transition(PetitionState.CLOSED), NOW), NOW, tables)
    reloaded = publish(a_petition(closes_at=planned), NOW + DAY, tables)
    assert (reloaded.closes_at, reloaded.is_confirmable_at(NOW + 2 * DAY)) == (NOW, False)


SLUG = "safe-children"


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


def test_an_edit_whose_text_cannot_be_stored_is_not_shown(tables: FakeTables, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody may sign a text that is not stored."""
    petition = a_published_petition(tables)

    def fail(_: NewItem) -> None:
        raise Throttled("storage")

    monkeypatch.setattr(tables, "put_new", fail)
    with pytest.raises(Throttled):
        edit(with_changes(petition, text="We ask for more."), NOW, tables)
    assert petition_as_stored(SLUG, tables) == petition


def test_an_edit_never_undoes_a_concurrent_raise_of_shards(tables: FakeTables) -> None:
    petition = a_published_petition(tables, shards=2)
    raise_shards(SLUG, 9, tables)
    with pytest.raises(Stale):
        edit(with_changes(petition, title="New"), NOW, tables)
    assert petition_as_stored(SLUG, tables).shards == 9
