"""What the document takes from our source: docstrings of views, types of requests and answers, and fields' texts.

A docstring has a summary (its first sentence), a description, perhaps a paragraph "Answer: …", and a line "?name= …"
for each parameter of the query that paths.py does not describe. A name such as {MAX_ROWS} is replaced by the value
of the view's module.
"""

import ast
import inspect
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from textwrap import dedent
from typing import Any, get_args, get_origin, get_type_hints

from chalicelib.edge.answers import Answer

View = Callable[..., Any]
_BREAK = re.compile(r"\n\n|\n(?=\?\w+= )")
_QUERY = re.compile(r"\?(\w+)= (.*)", re.DOTALL)
_CONSTANT = re.compile(r"\{([A-Z_]+)\}")


@dataclass(frozen=True)
class Texts:
    """`queries`: the descriptions of parameters of the query, by name."""

    summary: str
    description: str
    answer: str
    queries: Mapping[str, str]


@dataclass(frozen=True)
class Shapes:
    """The types of the body and of the answer's JSON. None: there is no body, or the answer is not JSON.

    `dict`: the answer may be any object.
    """

    body: Any
    is_body_required: bool
    answer: Any


def texts_of(view: View) -> Texts:
    module = sys.modules[view.__module__]
    text = _CONSTANT.sub(lambda found: f"{getattr(module, found[1])}", inspect.getdoc(view) or "")
    parts = [one_line(part) for part in _BREAK.split(text)]
    queries = {found[1]: found[2] for found in map(_QUERY.fullmatch, parts) if found}
    answers = [part.removeprefix("Answer: ") for part in parts if part.startswith("Answer: ")]
    others = [part for part in parts if not _QUERY.fullmatch(part) and not part.startswith("Answer: ")]
    first, _, rest = others[0].partition(". ")
    return Texts(first.rstrip("."), " ".join([rest, *others[1:]]).strip(), "".join(answers) or "The answer.", queries)


def shapes_of(view: View) -> Shapes:
    function = inspect.unwrap(view)
    hints = get_type_hints(function, globalns=_names_in(sys.modules[function.__module__]))
    bodies = get_args(hints["request"])
    members = get_args(bodies[0]) if bodies else ()
    is_optional = type(None) in members
    body = (members[0] if is_optional else bodies[0]) if bodies else None
    answers = get_args(hints["return"]) if issubclass(getattr(hints["return"], "__origin__", object), Answer) else ()
    shape = answers[0] if answers else None
    return Shapes(body, not is_optional, get_origin(shape) or shape)


def _names_in(module: Any) -> dict[str, Any]:
    """Return the names of the module, with what it imports only for type checks."""
    names = dict(vars(module))
    tree = ast.parse(inspect.getsource(module))
    for node in tree.body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            exec(compile(ast.Module(node.body, []), module.__name__, "exec"), names)
    return names


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
