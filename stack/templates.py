"""Compile the templates of pages and emails to Python modules for the zip.

Without these modules, each new process would compile the templates of its first page: more than half of that page's CPU
time. The repository does not contain the modules.
"""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from chalicelib.pages.jinja import COMPILED, environment
from stack.project import application_files


def is_template(path: Path) -> bool:
    """Return whether the file is in a folder of templates."""
    return any(part.endswith("templates") for part in path.parent.parts)


def compiled_templates(project: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the name of each module in the zip, and its content. Raise TemplateSyntaxError if a template is invalid."""
    files = [path.relative_to(project) for path in application_files(project)]
    folders = {path.parent for path in files if is_template(path)}
    for folder in sorted(folders):
        with TemporaryDirectory(prefix="petitions-templates-") as out:
            # Jinja also lists the templates in subfolders, which have modules of their own.
            environment(project / folder).compile_templates(
                out, zip=None, ignore_errors=False, filter_func=lambda name: "/" not in name
            )
            for module in sorted(Path(out).iterdir()):
                yield (folder / COMPILED / module.name).as_posix(), module.read_bytes()
