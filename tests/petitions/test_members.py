"""The member of parliament for a postcode, in the charity's tables."""

import json
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
from chalicelib.petitions.form import EDITABLE, KEPT_IF_OMITTED, NO_MEMBERS, read_edit, read_new_petition
from chalicelib.petitions.model import Petition
from tests.actors import NOW, a_petition
from tests.letters.lettering import LETTER, TARGET
from tests.located import UPPER, give_members

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


def edit_body(petition: Petition, **changes: Any) -> str:
    """Return the JSON of the fields that staff must send, with changes."""
    names = set(EDITABLE) - KEPT_IF_OMITTED - {"opened_at", "closes_at"}
    return json.dumps(petition.model_dump(mode="json", include=names) | changes)


def test_staff_choose_members_only_on_a_site_with_their_table(monkeypatch: pytest.MonkeyPatch) -> None:
    petition = a_petition(letter=LETTER)
    edit = edit_body(petition, letter=LETTER | {"targets": [TARGET, MP]})
    with pytest.raises(Invalid) as refused:
        read_edit(edit, petition, NOW)
    assert refused.value.errors == [FieldError("letter.targets", NO_MEMBERS)]
    give_members(monkeypatch)
    assert read_edit(edit, petition, NOW).letter != petition.letter


def test_staff_edit_other_parts_although_the_table_is_gone() -> None:
    petition = a_petition(letter=LETTER | {"targets": [MP]})
    assert read_edit(edit_body(petition, title="Another title"), petition, NOW).title == "Another title"


def test_a_new_petition_with_letters_to_members_needs_their_table() -> None:
    new = edit_body(a_petition(), slug="another", letter=LETTER | {"targets": [MP]})
    with pytest.raises(Invalid) as refused:
        read_new_petition(new, NOW)
    assert refused.value.errors == [FieldError("letter.targets", NO_MEMBERS)]
