"""Every template of a page is used by the code, and exists."""

import ast
import re
from pathlib import Path

from chalicelib.pages import render

CODE = Path(__file__).parents[2] / "chalicelib"


def pages_named_in_code() -> set[str]:
    """The code of emails names templates of emails, except links.py, which shows pages."""
    pages: set[str] = set()
    for path in CODE.rglob("*.py"):
        is_about_emails = "mail" in path.relative_to(CODE).parts and path.name != "links.py"
        if not is_about_emails:
            texts = texts_in(path)
            pages.update(text for text in texts if re.fullmatch(r"[a-z][a-z_]*\.html", text))
    return pages


def texts_in(path: Path) -> list[str]:
    """Return each string of a Python file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return [value for value in constants if isinstance(value, str)]


def test_every_page_template_is_used_and_exists() -> None:
    folder = Path(render.__file__).with_name("templates")
    pages = {path.name for path in folder.glob("[!_]*.html")} - {"base.html"}
    assert pages_named_in_code() == pages
