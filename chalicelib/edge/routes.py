"""All routes, collected from their views. The CDN, gateway, authorizer, OpenAPI document and tests use this list.

Importing all views takes a quarter more CPU of a cold start (measured): a package has the list in a generated module
(stack/package.py).
"""

import re
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from chalicelib.edge.route import Function, Route

# The path to which API Gateway sends requests that match no route.
CATCH_ALL = "/{proxy+}"
GENERATED = "chalicelib.edge.generated_routes"
_CODE = Path(__file__).parents[1]
_ENTRY_POINT = re.compile(r"(\w+_)?api|links|page|site")


@cache
def all_routes() -> dict[str, Route]:
    """By the names of their views."""
    try:
        listed = import_module(GENERATED).ROUTES
    except ModuleNotFoundError:
        listed = views()
    return {route.view: route for route in listed}


@cache
def modules_by_function() -> dict[Function, tuple[str, ...]]:
    try:
        modules: dict[Function, tuple[str, ...]] = import_module(GENERATED).MODULES
    except ModuleNotFoundError:
        pairs = dict.fromkeys((route.function, view.__module__) for route, view in views().items())
        modules = {each: tuple(module for function, module in pairs if function is each) for each in Function}
    return modules


@cache
def views() -> dict[Route, Callable[..., Any]]:
    pairs = ((view.route, view) for module in _modules() for view in _views_in(module))
    found = sorted(pairs, key=lambda pair: (pair[0].path, pair[0].method))
    names = {route.view for route, _ in found}
    addresses = {(route.method, route.path) for route, _ in found}
    if not len(found) == len(names) == len(addresses):
        raise LookupError("two routes have the same method and path, or two views have the same name")
    return dict(found)


def _modules() -> Iterator[Any]:
    for path in sorted(_CODE.rglob("*.py")):
        if _ENTRY_POINT.fullmatch(path.stem):
            yield import_module(".".join(path.relative_to(_CODE.parent).with_suffix("").parts))


def _views_in(module: Any) -> list[Any]:
    own = [value for value in vars(module).values() if getattr(value, "__module__", "") == module.__name__]
    return [value for value in own if isinstance(getattr(value, "route", None), Route)]


def generated_module() -> str:
    """Return the source of the module GENERATED, which has what the functions need of the list."""
    lines = []
    for method, path, view, function, right, *_ in all_routes().values():
        named = f"{type(right).__name__}.{right.name}"
        lines.append(f"    Route({method!r}, {path!r}, {view!r}, Function.{function.name}, {named}),")
    modules = [f"    Function.{function.name}: {names!r}," for function, names in modules_by_function().items()]
    return "\n".join(
        (
            "from chalicelib.core.rights import Right",
            "from chalicelib.edge.route import Access, Function, Route",
            *("ROUTES = (", *lines, ")", "MODULES = {", *modules, "}\n"),
        )
    )
