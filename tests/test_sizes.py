"""Functions and files are short, typed and documented."""

import ast
from pathlib import Path
from statistics import median

import pytest

from tests.syntax import FILES, ROOT, every_file, every_file_and_stack, functions, lines_of, place, tree

pytestmark = pytest.mark.xdist_group("architecture")

TESTS = sorted((ROOT / "tests").rglob("*.py"))
# Test files that are longer, and their most lines. They may only get shorter.
LONG = {
    "tests/partners/test_receive.py": 203,
    "tests/updates/test_run.py": 249,
}


@every_file
def test_everything_is_annotated(path: Path) -> None:
    for function in functions(path):
        arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        bare = [argument.arg for argument in arguments if argument.annotation is None]
        assert set(bare) <= {"self", "cls"}, f"{function.name}: {bare}"
        assert function.returns is not None, function.name


@every_file_and_stack
def test_functions_are_short(path: Path) -> None:
    for function in functions(path):
        assert lines_of(function) <= 40, function.name


def test_most_functions_are_very_short() -> None:
    lengths = [lines_of(function) for path in FILES for function in functions(path)]
    longer = [length for length in lengths if length > 25]
    assert median(lengths) <= 8
    assert len(longer) <= len(lengths) * 0.03


@every_file
def test_functions_take_few_parameters(path: Path) -> None:
    for function in functions(path):
        parameters = [*function.args.args, *function.args.kwonlyargs]
        assert len(parameters) <= 9, function.name


@every_file_and_stack
def test_files_are_short(path: Path) -> None:
    assert length(path) <= 200


def test_test_files_are_short() -> None:
    for path in TESTS:
        assert length(path) <= LONG.get(place(path), 200), place(path)


def length(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


@every_file
def test_every_file_has_a_docstring(path: Path) -> None:
    assert path.name == "__init__.py" or ast.get_docstring(tree(path))


@every_file
def test_init_files_are_empty(path: Path) -> None:
    if path.name == "__init__.py":
        assert path.read_text(encoding="utf-8").strip() == ""


def test_app_py_only_registers_handlers() -> None:
    assert not functions(ROOT / "app.py")
    assert length(ROOT / "app.py") <= 80
