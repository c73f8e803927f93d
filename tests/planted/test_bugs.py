"""Every planted bug still fits the code, so that a missing one does not look like a bug that was found."""

import tomllib

from tests.planted.__main__ import BUGS, ROOT


def test_each_bug_can_be_planted() -> None:
    bugs = tomllib.loads(BUGS.read_text(encoding="utf-8"))["bug"]
    found = {bug["id"]: (ROOT / bug["file"]).read_text(encoding="utf-8").count(bug["find"]) for bug in bugs}
    assert len(found) == 30
    assert not {name: count for name, count in found.items() if count != 1}
