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
    # Do not import the package, because an import would need its Python dependencies.
    folder = Path(str(distribution("uplot-python").locate_file("uplot/static")))
    script, style = (folder / name for name in ("uPlot.iife.js", "uPlot.min.css"))
    notice = f"/*!\n{_LICENCE.read_text(encoding='utf-8')}*/\n"
    module = f"{notice}{jsmin(script.read_text(encoding='utf-8'))}\nexport default uPlot;\n"
    yield f"{_FOLDER}/uplot.js", module.encode()
    yield f"{_FOLDER}/uplot.css", notice.encode() + style.read_bytes()
