"""Every action that the code records has a description for staff."""

import re
from pathlib import Path

from chalicelib.staff.audit.words import DESCRIPTIONS, description_of

ROOT = Path(__file__).parents[3]


def test_exactly_the_recorded_actions_are_described() -> None:
    recording_code = ""
    for folder in ("chalicelib", "commands"):
        for path in (ROOT / folder).rglob("*.py"):
            source = path.read_text()
            if "audit(" in source:
                recording_code += source
    found = re.findall(r'"([a-z-]+\.(?!html|py)[a-z]+)"', recording_code)
    assert {*found, "signed-in"} == DESCRIPTIONS.keys()


def test_an_unknown_action_is_shown_by_its_name() -> None:
    assert description_of("petition.forgotten") == "petition.forgotten"
