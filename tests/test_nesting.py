"""A reader takes in an expression at once only if few things are nested in it. Deeper ones are named parts."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.syntax import BENCHMARKS, FILES, STACK, every_file, nodes

pytestmark = pytest.mark.xdist_group("architecture")
DEEPEST = 4
NESTED = (
    ast.Await, ast.BoolOp, ast.Call, ast.DictComp, ast.GeneratorExp, ast.IfExp, ast.Lambda, ast.ListComp, ast.NamedExpr,
    ast.SetComp, ast.Subscript,
)  # fmt: skip


def depth(node: ast.AST) -> int:
    """Return how many calls, comprehensions, conditions and the like are within each other, at most."""
    below = max((depth(child) for child in ast.iter_child_nodes(node)), default=0)
    # A chain of keys such as template["Resources"]["Table"] is one step.
    continues_chain = isinstance(node, ast.Subscript) and isinstance(node.value, ast.Subscript)
    return below + (isinstance(node, NESTED) and not continues_chain)


def expressions(path: Path) -> Iterator[ast.expr]:
    """Yield the outermost expressions of all statements."""
    for node in nodes(path):
        if isinstance(node, ast.stmt):
            yield from (child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr))


def check(path: Path) -> None:
    too_deep = [expression.lineno for expression in expressions(path) if depth(expression) > DEEPEST]
    assert not too_deep, f"an expression is nested too deeply in these lines: {too_deep}"


test_no_expression_is_nested_too_deeply = every_file(check, [*FILES, *STACK, *BENCHMARKS])


def test_the_depth_of_an_expression() -> None:
    for text, expected in {"a": 0, "a['b']['c']": 1, "f(g(x))": 2, "[f(x) for x in g(y) if x or z]": 2}.items():
        assert depth(ast.parse(text, mode="eval")) == expected, text
