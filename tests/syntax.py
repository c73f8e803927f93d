"""The project's files as syntax trees, for the rules of tests.test_architecture."""

import ast
from collections.abc import Callable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
COMMANDS = ROOT / "commands"
FILES = sorted([ROOT / "app.py", ROOT / "manage.py", *COMMANDS.glob("*.py"), *(ROOT / "chalicelib").rglob("*.py")])

Function = ast.FunctionDef | ast.AsyncFunctionDef


def every_file(check: Callable[[Path], None]) -> Callable[[], None]:
    """Turn a check of one file into a test of all files. The test lists the files that break the rule."""

    def check_all_files() -> None:
        broken = []
        for path in FILES:
            try:
                check(path)
            except AssertionError as error:
                broken.append(f"{place(path)}: {error}")
        assert not broken, "\n".join(broken)

    check_all_files.__name__ = check.__name__
    return check_all_files


def place(path: Path) -> str:
    """Return the path as text, relative to the project."""
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(tree(path)))


@cache
def imports(path: Path, *, type_checking_too: bool = False) -> tuple[str, ...]:
    """Return the dotted names of all imports, also inside functions: `from a import b` is a.b."""
    skipped = set() if type_checking_too else _ids_under_type_checking(path)
    names: list[str] = []
    for node in nodes(path):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{place(path)}: relative import"
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return tuple(names)


def _ids_under_type_checking(path: Path) -> set[int]:
    """Return the ids of all nodes under `if TYPE_CHECKING:`."""
    ids: set[int] = set()
    for node in nodes(path):
        if _is_type_checking(node):
            ids |= {id(inner) for inner in ast.walk(node)}
    return ids


def _is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
