"""The chart library as it ships: uPlot out of the package that brings it, as a module, smaller, with its licence.

It is an ordinary development dependency: pip installs, pins and updates it, and nothing of it is in this repository.
"""

from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

from rjsmin import jsmin

_FOLDER = "chalicelib/pages/assets"
_LICENCE = Path(__file__).with_name("uplot-licence.txt")


def chart_files() -> Iterator[tuple[str, bytes]]:
    """Where each goes in the zip, and what is in it."""
    yield f"{_FOLDER}/uplot.js", as_module(_brought("uPlot.iife.js")).encode()
    yield f"{_FOLDER}/uplot.css", (_notice() + _brought("uPlot.min.css")).encode()


def as_module(script: str) -> str:
    """It defines one global name; a module has none, so it is exported."""
    return f"{_notice()}{jsmin(script)}\nexport default uPlot;\n"


def _brought(name: str) -> str:
    """Found without importing the package, which would draw in all that its Python half needs."""
    path = Path(str(distribution("uplot-python").locate_file(f"uplot/static/{name}")))
    return path.read_text(encoding="utf-8")


def _notice() -> str:
    return f"/*!\n{_LICENCE.read_text(encoding='utf-8')}*/\n"
