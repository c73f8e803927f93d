"""Find the AWS calls in the code, so that nobody has to list them."""

import ast
import re
from collections.abc import Iterator
from functools import cache

from tests.faults.injection import CALLS, CODE
from tests.syntax import nodes, place

# Other objects have methods of these names too. So such a call counts only on an object with one of our names for AWS.
COMMON_METHODS = {"get", "put", "update", "query", "page", "count", "check", "send", "depth"}
CALLS_ANOTHER = ("batch_get_by", "try_put_new")  # Methods in aws/ that call one of CALLS.
AWS_OBJECT = re.compile(r"(tables|queue|urgent|other|bucket|mailer|quota|source)(\(\))?$")


@cache
def sites() -> set[str]:
    """Return the functions that call AWS, except those of aws/ itself."""
    found: set[str] = set()
    for path in CODE.rglob("*.py"):
        if path.parent.name != "aws":
            functions = [node for node in nodes(path) if isinstance(node, ast.FunctionDef)]
            found |= {f"{place(path)}:{each.name}" for each in functions if any(map(_calls_aws, _own_nodes(each)))}
    return found


def _calls_aws(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    if not isinstance(node.func, ast.Attribute):
        return ast.unparse(node) == "deliver(mail)"  # The mailer's `send`, in mail/rate_limit.py.
    method, called_on = node.func.attr, ast.unparse(node.func.value)
    is_method = any(method in methods for methods in (*CALLS.values(), CALLS_ANOTHER))
    return is_method and (method not in COMMON_METHODS or bool(AWS_OBJECT.search(called_on)))


def _own_nodes(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """Yield the function's nodes, without those of inner functions, which are call sites of their own."""
    waiting: list[ast.AST] = list(ast.iter_child_nodes(function))
    while waiting:
        node = waiting.pop()
        if not isinstance(node, ast.FunctionDef):
            yield node
            waiting += ast.iter_child_nodes(node)
