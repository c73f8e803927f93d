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
    bases = getattr(cls, "__orig_bases__", cls.__bases__)
    for base in reversed(bases):  # An earlier base replaces the fields of a later one, as in Python.
        is_ours = inspect.isclass(base) and base.__module__.startswith("chalicelib.")
        if is_ours:
            found |= field_docs(base)
    return found | _own_docs(cls)


def one_line(text: str) -> str:
    return " ".join(text.split())


def _own_docs(cls: type) -> dict[str, str]:
    try:
        source = inspect.getsource(cls)
    except (OSError, TypeError):
        return {}  # The class was created by a call, so it has no source.
    [definition] = ast.parse(dedent(source)).body
    assert isinstance(definition, ast.ClassDef)  # The source of a class is one class statement.
    docs = {}
    for pair in pairwise(definition.body):
        match pair:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                docs[name] = one_line(text)
    return docs
