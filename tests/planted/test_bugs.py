"""Every planted bug still fits the code. Otherwise `make planted` could not plant it."""

import tomllib

from tests.planted.__main__ import BUGS, ROOT, likely_first


def test_each_bug_can_be_planted() -> None:
    bugs = tomllib.loads(BUGS.read_text(encoding="utf-8"))["bug"]
    found = {bug["id"]: (ROOT / bug["file"]).read_text(encoding="utf-8").count(bug["find"]) for bug in bugs}
    assert len(found) == 30
    assert not {name: count for name, count in found.items() if count != 1}


def test_the_test_that_found_each_bug_still_exists() -> None:
    bugs = tomllib.loads(BUGS.read_text(encoding="utf-8"))["bug"]
    first_tries = {
        bug["caught_by"].partition(": ")[2]: likely_first(bug)[0] for bug in bugs if "::" in bug["caught_by"]
    }
    assert not {test: first for test, first in first_tries.items() if test != first}
