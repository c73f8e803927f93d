"""Every planted bug still fits the code. Otherwise `make planted` could not plant it."""

import tomllib

from tests.planted.__main__ import BUGS, ROOT, likely_first


def test_each_bug_can_be_planted() -> None:
    bugs = tomllib.loads(BUGS.read_text(encoding="utf-8"))["bug"]
    ids = {bug["id"] for bug in bugs}
    assert len(ids) == 30
    for bug in bugs:
        code = (ROOT / bug["file"]).read_text(encoding="utf-8")
        assert code.count(bug["find"]) == 1, bug["id"]


def test_the_test_that_found_each_bug_still_exists() -> None:
    bugs = tomllib.loads(BUGS.read_text(encoding="utf-8"))["bug"]
    for bug in bugs:
        if "::" in bug["caught_by"]:
            test = bug["caught_by"].partition(": ")[2]
            assert likely_first(bug)[0] == test, bug["id"]
