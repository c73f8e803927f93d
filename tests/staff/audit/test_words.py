"""The activity log in words: no raw keys, and which token, export or petition an entry is about."""

import re
from pathlib import Path

import pytest

from chalicelib.core.rights import Right
from chalicelib.staff.audit.record import Action
from chalicelib.staff.audit.words import DESCRIPTIONS, RIGHT_LABELS, SUBJECT_LABELS, description_of, facts, group_of


def facts_of(name: str, subject: str = "", **details: str) -> dict[str, str]:
    return dict(facts(Action(name=name, subject=subject, details=details)))


def test_an_entry_says_which_token_was_issued() -> None:
    assert facts_of("token.issued", "3f9c", owner="Dora", rights="counts,export", expires="2026-12-01T09:00:00Z") == {
        "Token": "3f9c",
        "Owner": "Dora",
        "Rights": "read the numbers; export signatures",
        "Expires": "1 December 2026, 09:00:00 UTC",
    }


def test_an_entry_says_what_an_export_contains_and_who_can_read_it() -> None:
    details = {"petition": "trees", "format": "csv", "columns": "name,confirmed_at", "recipient": "none"}
    assert facts_of("export.requested", "trees.1", **details) == {
        "Export": "trees.1",
        "Petition": "trees",
        "Format": "CSV",
        "Columns": "name, confirmed at",
        "Encrypted for": "nobody, the file is not encrypted",
    }
    assert facts_of("export.fetched", what=".pdf") == {"File": "the cover sheet"}


@pytest.mark.parametrize("action", ["person.found", "person.erased", "access.exported"])
def test_an_entry_says_which_signatures_were_found_or_erased(action: str) -> None:
    assert facts_of(action, trees="ab12", source="cd34") == {
        "Signature of trees": "ab12",
        "Signature of source": "cd34",
    }


def test_the_subject_of_every_action_has_a_label() -> None:
    assert SUBJECT_LABELS.keys() == {group_of(name) for name in DESCRIPTIONS}
    assert facts_of("letters.paused", "trees") == {"Petition": "trees"}


def test_every_right_has_a_description() -> None:
    assert RIGHT_LABELS.keys() == set(Right)


def test_numbers_have_separators() -> None:
    assert facts_of("statement.frozen", "trees", confirmed="17015")["Confirmed signatures"] == "17,015"


def test_a_key_without_a_label_is_shown_without_underscores() -> None:
    assert facts_of("table.restored", "counts", half_done="yes") == {"Table": "counts", "Half done": "yes"}


ROOT = Path(__file__).parents[3]


def test_exactly_the_recorded_actions_are_described() -> None:
    recording_code = ""
    for folder in ("chalicelib", "commands"):
        for path in (ROOT / folder).rglob("*.py"):
            source = path.read_text()
            if "audit(" in source or "import Action, Actor" in source:
                recording_code += source
    found = re.findall(r'"([a-z-]+\.(?!html|py)[a-z]+)"', recording_code)
    assert {*found, "signed-in", "token.accepted"} == DESCRIPTIONS.keys()


def test_an_unknown_action_is_shown_by_its_name() -> None:
    assert description_of("petition.forgotten") == "petition.forgotten"
