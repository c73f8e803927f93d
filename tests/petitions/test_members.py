"""The member of parliament for a postcode, in the charity's tables."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from chalicelib.core.errors import FieldError, Invalid
from chalicelib.petitions import constituency_table
from chalicelib.petitions.constituency_table import (
    MemberOfParliament,
    has_members,
    members,
    pack_members,
    unpack_members,
)
from chalicelib.petitions.form import NO_MEMBERS, read_new_petition
from tests.actors import NOW, a_petition
from tests.letters.lettering import LETTER, TARGET
from tests.located import UPPER, give_members
from tests.petitions.test_form import apply_edit, body_of

MP = {"key": "my-mp", "name": "Your MP", "members": True}
PACED = {"mode": "paced", "per_hour": 5}


@pytest.fixture(autouse=True)
def _an_empty_cache() -> Iterator[None]:
    members.cache_clear()
    yield
    members.cache_clear()


def test_the_file_is_read_as_it_was_packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = {
        each.constituency: each
        for each in (UPPER, MemberOfParliament("Ynys Môn", "Siân “Z” Jones AS", "sian@as.example"))
    }
    assert unpack_members(pack_members(known)) == known
    (tmp_path / "members.json").write_bytes(pack_members(known))
    monkeypatch.setattr(constituency_table, "MEMBERS_FILE", tmp_path / "members.json")
    assert members() == known
    assert has_members()


@pytest.mark.parametrize(
    "targets",
    [
        [MP | {"email": "mp@target.example"}],
        [{"key": "my-mp", "name": "Your MP"}],
        [MP | {"delivery": PACED}],
        [MP | {"delivery": {"mode": "digest", "first": 3}}],
        [MP, MP | {"key": "my-other-mp"}],
    ],
)
def test_a_letter_to_members_is_one_target_without_address_or_pace(targets: list[dict[str, Any]]) -> None:
    with pytest.raises(ValidationError):
        a_petition(letter=LETTER | {"targets": targets})


def test_staff_choose_members_only_on_a_site_with_their_table(monkeypatch: pytest.MonkeyPatch) -> None:
    petition, letter = a_petition(letter=LETTER), LETTER | {"targets": [TARGET, MP]}
    with pytest.raises(Invalid) as edit:
        apply_edit(petition, letter=letter)
    with pytest.raises(Invalid) as new:
        read_new_petition(body_of(letter=letter), NOW)
    assert edit.value.errors == new.value.errors == [FieldError("letter.targets", NO_MEMBERS)]
    give_members(monkeypatch)
    assert apply_edit(petition, letter=letter).letter != petition.letter


def test_staff_edit_other_parts_although_the_table_is_gone() -> None:
    petition = a_petition(letter=LETTER | {"targets": [MP]})
    assert apply_edit(petition, title="Another title").title == "Another title"
