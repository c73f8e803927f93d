"""Find the AWS calls that a handler can make: read them from the code, so that nobody has to list them."""

import ast
from collections.abc import Iterable, Iterator
from functools import cache

from tests.faults.injection import CALLS, CODE, ROOT

Function = tuple[str, str]  # Dotted module, name.
# The code finds an email's kind by its name: `kind.state.claim` calls a function of that name in one of these modules.
KINDS = (
    *("chalicelib.mail.state", "chalicelib.mail.deliveries", "chalicelib.mail.signature_kinds"),
    *(
        "chalicelib.updates.kinds",
        "chalicelib.letters.kinds",
        "chalicelib.letters.deliveries",
        "chalicelib.letters.digest_kind",
        "chalicelib.letters.trial",
        "chalicelib.mail.counted",
    ),
)
# The names under which modules keep the state of their own kinds of email.
STATES = {"EMAILS", "TESTS", "LETTERS", "DIGESTS"}
# An email is sent through a function that is passed as an argument, not through the mailer itself.
DELIVER_TYPES = {"Deliver", "Callable[[Mail], str]"}


def sites_from(entries: Iterable[Function]) -> set[str]:
    """Return the functions that call AWS, of all that can be reached from these functions."""
    reached: set[Function] = set()
    waiting = list(entries)
    while waiting:
        function = waiting.pop()
        if function not in reached:
            reached.add(function)
            waiting += _references(function) if function[1] in _functions(function[0]) else ()
    return {f"{module.replace('.', '/')}.py:{name}" for module, name in reached if _calls_aws(module, name)}


@cache
def _calls_aws(module: str, name: str) -> bool:
    kinds = _aws_kinds(module)
    function = _functions(module).get(name)  # The functions in app.py pass every request to the routes.
    for node in _own_nodes(function) if function else ():
        if not isinstance(node, ast.Call):
            continue
        if kinds.get(ast.unparse(node.func)) == "Deliver":
            return True
        if isinstance(node.func, ast.Attribute):
            kind = kinds.get(ast.unparse(node.func.value), "")
            if node.func.attr in CALLS.get(kind, ()):
                return True
    return False


def _own_nodes(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """Yield the function's nodes, without those of inner functions, which are call sites of their own."""
    waiting: list[ast.AST] = list(ast.iter_child_nodes(function))
    while waiting:
        node = waiting.pop()
        if not isinstance(node, ast.FunctionDef):
            yield node
            waiting += ast.iter_child_nodes(node)


@cache
def _references(function: Function) -> tuple[Function, ...]:
    return tuple(_find_references(function))


def _find_references(function: Function) -> Iterator[Function]:
    """Yield the functions that the function names, whether called or passed on. A class counts with all its methods."""
    module, name = function
    names = _imports(module)
    for node in ast.walk(_functions(module)[name]):
        if isinstance(node, ast.Name):
            found = names.get(node.id, (module, node.id))
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) in STATES:
            yield from _functions_of_email_kinds(node.attr)
            continue
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in names:
            found = (".".join(names[node.value.id]), node.attr)
        elif isinstance(node, ast.Attribute) and module.startswith("chalicelib.mail."):
            yield from _functions_of_email_kinds(node.attr)
            continue
        else:
            continue
        if not found[0].startswith("chalicelib.aws"):
            reached = _classes(found[0]).get(found[1], [found[1]])
            yield from ((found[0], method) for method in reached if method in _functions(found[0]))


@cache
def _functions_of_email_kinds(name: str) -> tuple[Function, ...]:
    """Return every function that this attribute of a kind of email may be. `_is_named` says which names it has."""
    return tuple((module, function) for module in KINDS for function in _functions(module) if _is_named(function, name))


def _is_named(function: str, name: str) -> bool:
    """A kind has `contents`, which is a function such as `update_email`, and may have `claim` or `claim_letter`."""
    if name == "contents" or function.endswith("_email"):
        return name == "contents" and function.endswith("_email")
    return function == name or function.startswith(f"{name}_")


@cache
def _aws_kinds(module: str) -> dict[str, str]:
    """Return the module's expressions for AWS objects (`tables`, `mail_queue()`), and the kind of each."""
    kinds = dict(_factories())
    for node in _nodes(module):
        if isinstance(node, ast.arg) and node.annotation:
            kinds |= _kind_of(node.arg, node.annotation) | _fields_of(node.arg, node.annotation, module)
        elif isinstance(node, ast.ClassDef):
            for field in [part for part in node.body if isinstance(part, ast.AnnAssign)]:
                kinds |= _kind_of(f"self.{ast.unparse(field.target)}", field.annotation)
    for node in _nodes(module):
        if isinstance(node, ast.Assign) and ast.unparse(node.value) in kinds:
            kinds |= {ast.unparse(target): kinds[ast.unparse(node.value)] for target in node.targets}
    return kinds


def _fields_of(name: str, annotation: ast.expr, module: str) -> dict[str, str]:
    """Return expressions such as `context.tables`, if the argument's class has AWS objects as fields."""
    where = _imports(module).get(ast.unparse(annotation), (module, ast.unparse(annotation)))
    kinds: dict[str, str] = {}
    for field, kind in _annotated_fields(*where).items():
        kinds |= _kind_of(f"{name}.{field}", kind)
    # A field that sends an email is left out: only mail/rate_limit.py calls it.
    return {expression: kind for expression, kind in kinds.items() if kind in CALLS}


@cache
def _annotated_fields(module: str, class_name: str) -> dict[str, ast.expr]:
    return {
        ast.unparse(field.target): field.annotation
        for node in _nodes(module)
        if isinstance(node, ast.ClassDef) and node.name == class_name
        for field in node.body
        if isinstance(field, ast.AnnAssign)
    }


def _kind_of(name: str, annotation: ast.expr) -> dict[str, str]:
    """Return the AWS kind of the expression `name`, or of its call; empty if the annotation has no AWS kind."""
    text = ast.unparse(annotation)
    if text in DELIVER_TYPES:
        return {name: "Deliver"}
    kind = text.removeprefix("Callable[[], ").removesuffix("]")
    return {name if kind == text else f"{name}()": kind} if kind in CALLS else {}


@cache
def _factories() -> dict[str, str]:
    """Return the factories in aws/ that return an AWS object: `tables()`, `mail_queue()` …, and the kind of each."""
    return {
        f"{name}()": ast.unparse(function.returns)
        for path in (CODE / "aws").glob("*.py")
        for name, function in _functions(f"chalicelib.aws.{path.stem}").items()
        if function.returns and ast.unparse(function.returns) in CALLS
    }


@cache
def _imports(module: str) -> dict[str, Function]:
    return {
        alias.asname or alias.name: (node.module, alias.name)
        for node in _nodes(module)
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }


@cache
def _functions(module: str) -> dict[str, ast.FunctionDef]:
    return {node.name: node for node in _nodes(module) if isinstance(node, ast.FunctionDef)}


@cache
def _classes(module: str) -> dict[str, list[str]]:
    return {
        node.name: [method.name for method in node.body if isinstance(method, ast.FunctionDef)]
        for node in _nodes(module)
        if isinstance(node, ast.ClassDef)
    }


@cache
def _nodes(module: str) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(_tree(module)))


@cache
def _tree(module: str) -> ast.Module:
    path = ROOT / f"{module.replace('.', '/')}.py"
    return ast.parse(path.read_text(encoding="utf-8") if module.startswith("chalicelib.") and path.exists() else "")
