"""The chart library uPlot in the form that the Lambda zip contains: a minified module with uPlot's licence.

The PyPI package with uPlot's files is a development dependency. This repository contains no code of uPlot.
"""

from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

from rjsmin import jsmin

_FOLDER = "chalicelib/pages/assets"
_LICENCE = Path(__file__).with_name("uplot-licence.txt")


def chart_files() -> Iterator[tuple[str, bytes]]:
    yield f"{_FOLDER}/uplot.js", as_module(_library_file("uPlot.iife.js")).encode()
    yield f"{_FOLDER}/uplot.css", (_notice() + _library_file("uPlot.min.css")).encode()


def as_module(script: str) -> str:
    return f"{_notice()}{jsmin(script)}\nexport default uPlot;\n"


def _library_file(name: str) -> str:
    """Read a file of the package. Do not import the package, because an import would need its Python dependencies."""
    path = Path(str(distribution("uplot-python").locate_file(f"uplot/static/{name}")))
    return path.read_text(encoding="utf-8")


def _notice() -> str:
    return f"/*!\n{_LICENCE.read_text(encoding='utf-8')}*/\n"
