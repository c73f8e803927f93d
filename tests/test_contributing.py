"""CONTRIBUTING.md works as written, and the pages list the settings that a contributor adds."""

import re

import pytest

from chalicelib.core.keys import TABLES
from chalicelib.core.settings import table_variable
from stack.paths import ROOT


def test_the_type_that_contributors_copy_has_a_free_name() -> None:
    """Otherwise `test_no_two_classes_have_the_same_name` fails for whoever follows CONTRIBUTING.md."""
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    names = re.findall(r"class (\w+)\(TypedDict\)", guide)
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "chalicelib").rglob("*.py"))
    assert names
    assert [name for name in names if re.search(rf"^class {name}\b", code, flags=re.MULTILINE)] == []


@pytest.mark.parametrize("page", ["docs/deploy.md", "manage.py"])
def test_each_list_of_settings_has_every_table(page: str) -> None:
    """`manage.py` refuses to start without one of them."""
    lists = [line for line in (ROOT / page).read_text(encoding="utf-8").splitlines() if "SIGNATURES_TABLE" in line]
    assert lists
    assert [line for line in lists if any(table_variable(name) not in line for name in TABLES)] == []
