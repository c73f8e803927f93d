"""The chart library as it ships: uPlot from its PyPI package, as a minified module with its licence.

It is a development dependency: pip installs and pins it, and none of its code is in this repository.
"""

from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

from rjsmin import jsmin

_FOLDER = "chalicelib/pages/assets"
_LICENCE = Path(__file__).with_name("uplot-licence.txt")


def chart_files() -> Iterator[tuple[str, bytes]]:
    """Yield each file's name in the zip and its content."""
    yield f"{_FOLDER}/uplot.js", as_module(_library_file("uPlot.iife.js")).encode()
    yield f"{_FOLDER}/uplot.css", (_notice() + _library_file("uPlot.min.css")).encode()


def as_module(script: str) -> str:
    """Return the script as a module that exports its one global name."""
    return f"{_notice()}{jsmin(script)}\nexport default uPlot;\n"


def _library_file(name: str) -> str:
    """Read a file of the package without importing the package, which would need its Python dependencies."""
    path = Path(str(distribution("uplot-python").locate_file(f"uplot/static/{name}")))
    return path.read_text(encoding="utf-8")


def _notice() -> str:
    return f"/*!\n{_LICENCE.read_text(encoding='utf-8')}*/\n"
