"""The descriptions of a class's fields, read from its source: the string after a field describes the field."""

import ast
import inspect
from collections.abc import Mapping
from itertools import pairwise
from textwrap import dedent


def field_docs(cls: type) -> Mapping[str, str]:
    """Return the descriptions of the fields by name, including the fields of base classes in chalicelib."""
    found: dict[str, str] = {}
    # A TypedDict has its base classes only in __orig_bases__.
    bases = [base for base in getattr(cls, "__orig_bases__", cls.__bases__) if inspect.isclass(base)]
    for base in reversed(bases):
        found |= field_docs(base) if base.__module__.startswith("chalicelib.") else {}
    return found | _own_docs(cls)


def one_line(text: str) -> str:
    return " ".join(text.split())


def _own_docs(cls: type) -> dict[str, str]:
    """Return the string after each field in the class itself, by name. A field without a string is left out."""
    try:
        [definition] = ast.parse(dedent(inspect.getsource(cls))).body
    except (OSError, TypeError):
        return {}  # The class was created by a call, so it has no source.
    pairs = pairwise(getattr(definition, "body", []))
    return {field.target.id: text for field, after in pairs if _is_field(field) and (text := _string(after))}


def _is_field(node: ast.stmt) -> bool:
    return isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)


def _string(node: ast.stmt) -> str:
    """Return the string if the statement is only a string, else ""."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        return one_line(node.value.value)
    return ""
