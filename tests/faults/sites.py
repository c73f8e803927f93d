"""Find the AWS calls that a handler can make: read them from the code, so that nobody has to list them."""

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module

from chalicelib.delivery import worker
from chalicelib.mail.state import DeliveryState
from chalicelib.runner.worker import ADDRESS_JOBS, JOBS
from tests.faults.injection import CALLS, CODE, ROOT

Function = tuple[str, str]  # Dotted module, name.
# The code finds an email's kind by its name: `kind.state.claim` calls a function of that name in one of these modules.
KINDS = sorted(
    {kind.contents.__module__ for kind in worker.KINDS.values()}
    | {base.__module__ for kind in worker.KINDS.values() for base in type(kind.state).__mro__}
)
# The names under which modules keep the state of their own kinds of email, such as EMAILS.
STATES = {
    name for module in KINDS for name, value in vars(import_module(module)).items() if isinstance(value, DeliveryState)
}
# A worker finds these by the kind of a job, or by the name of a task, so its code does not name them.
WORKS = {
    "check_mail": [(task.__module__, task.__name__) for task in worker.TASKS.values()],
    "run_job": [(f"chalicelib.{module}", "_work") for module in JOBS.values()],
    "run_address_job": [(f"chalicelib.{module}", "_work") for module in ADDRESS_JOBS.values()],
}
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
            waiting += _references(*function)
    return {f"{module.replace('.', '/')}.py:{name}" for module, name in reached if _calls_aws(module, name)}


@cache
def _calls_aws(module: str, name: str) -> bool:
    kinds = _aws_kinds(module)
    function = _functions(module).get(name)
    if function is None:
        return False  # The functions in app.py pass every request to the routes.
    for node in _own_nodes(function):
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
def _references(module: str, name: str) -> list[Function]:
    """Return the functions that this function names, whether it calls them or passes them on."""
    function = _functions(module).get(name)
    if function is None:
        return []
    found: list[Function] = list(WORKS.get(name, ()))
    imported = _imports(module)
    for node in ast.walk(function):
        if isinstance(node, ast.Name):
            found += _functions_named(*imported.get(node.id, (module, node.id)))
        elif isinstance(node, ast.Attribute):
            owner = ast.unparse(node.value)
            if owner in STATES:
                found += _functions_of_email_kinds(node.attr)
            elif owner in imported:
                found += _functions_named(".".join(imported[owner]), node.attr)
            elif module.startswith("chalicelib.mail."):
                found += _functions_of_email_kinds(node.attr)
    return found


def _functions_named(module: str, name: str) -> list[Function]:
    """Return the function with this name, or all methods of the class with this name. Nothing in aws/ counts."""
    if module.startswith("chalicelib.aws"):
        return []
    names = [name]
    if name in _class_bodies(module):
        names = [part.name for part in _class_bodies(module)[name] if isinstance(part, ast.FunctionDef)]
    return [(module, each) for each in names if each in _functions(module)]


@cache
def _functions_of_email_kinds(name: str) -> list[Function]:
    """Return every function that this attribute of a kind of email may be. `_is_named` says which names it has."""
    found: list[Function] = []
    for module in KINDS:
        found += [(module, function) for function in _functions(module) if _is_named(function, name)]
    return found


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
            for field, annotation in _annotated_fields(module, node.name).items():
                kinds |= _kind_of(f"self.{field}", annotation)
    for node in _nodes(module):
        if isinstance(node, ast.Assign):
            kind = kinds.get(ast.unparse(node.value))
            if kind is not None:
                kinds |= {ast.unparse(target): kind for target in node.targets}
    return kinds


def _fields_of(name: str, annotation: ast.expr, module: str) -> dict[str, str]:
    """Return expressions such as `context.tables`, if the argument's class has AWS objects as fields."""
    type_name = ast.unparse(annotation)
    class_module, class_name = _imports(module).get(type_name, (module, type_name))
    kinds: dict[str, str] = {}
    for field, field_annotation in _annotated_fields(class_module, class_name).items():
        kinds |= _kind_of(f"{name}.{field}", field_annotation)
    # A field that sends an email is left out: only mail/rate_limit.py calls it.
    return {expression: kind for expression, kind in kinds.items() if kind in CALLS}


@cache
def _annotated_fields(module: str, class_name: str) -> dict[str, ast.expr]:
    body = _class_bodies(module).get(class_name, [])
    fields = [part for part in body if isinstance(part, ast.AnnAssign)]
    return {ast.unparse(field.target): field.annotation for field in fields}


def _kind_of(name: str, annotation: ast.expr) -> dict[str, str]:
    """Return the AWS kind of the expression `name`, or of its call; empty if the annotation has no AWS kind."""
    text = ast.unparse(annotation)
    if text in DELIVER_TYPES:
        return {name: "Deliver"}
    kind = text.removeprefix("Callable[[], ").removesuffix("]")
    if kind not in CALLS:
        return {}
    expression = name if kind == text else f"{name}()"
    return {expression: kind}


@cache
def _factories() -> dict[str, str]:
    """Return the factories in aws/ that return an AWS object: `tables()`, `mail_queue()` …, and the kind of each."""
    kinds: dict[str, str] = {}
    for path in (CODE / "aws").glob("*.py"):
        for name, function in _functions(f"chalicelib.aws.{path.stem}").items():
            kind = ast.unparse(function.returns) if function.returns else ""
            if kind in CALLS:
                kinds[f"{name}()"] = kind
    return kinds


@cache
def _imports(module: str) -> dict[str, Function]:
    names: dict[str, Function] = {}
    for node in _nodes(module):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                names[alias.asname or alias.name] = (node.module, alias.name)
    return names


@cache
def _functions(module: str) -> dict[str, ast.FunctionDef]:
    return {node.name: node for node in _nodes(module) if isinstance(node, ast.FunctionDef)}


@cache
def _class_bodies(module: str) -> dict[str, list[ast.stmt]]:
    return {node.name: node.body for node in _nodes(module) if isinstance(node, ast.ClassDef)}


@cache
def _nodes(module: str) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(_tree(module)))


@cache
def _tree(module: str) -> ast.Module:
    path = ROOT / f"{module.replace('.', '/')}.py"
    is_our_module = module.startswith("chalicelib.") and path.exists()
    source = path.read_text(encoding="utf-8") if is_our_module else ""
    return ast.parse(source)
