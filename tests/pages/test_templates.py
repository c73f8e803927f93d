"""Every template of a page is used by the code, and exists."""

import ast
import re
from pathlib import Path

from chalicelib.pages import render

CODE = Path(__file__).parents[2] / "chalicelib"


def pages_named_in_code() -> set[str]:
    texts = {
        node.value
        for path in CODE.rglob("*.py")
        if "mail" not in path.relative_to(CODE).parts or path.name == "links.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return {text for text in texts if re.fullmatch(r"[a-z][a-z_]*\.html", text)}


def test_every_page_template_is_used_and_exists() -> None:
    folder = Path(render.__file__).with_name("templates")
    pages = {path.name for path in folder.glob("[!_]*.html")} - {"base.html"}
    assert pages_named_in_code() == pages
