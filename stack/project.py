"""Collect, hash and copy the files from which the package is built, install its dependencies, and run Chalice."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from stack.console import Failure
from stack.paths import REGION, tool
from stack.target import Target
from stack.template.merge import merge_template


def application_files(project: Path) -> Iterator[Path]:
    """Yield the application's files: app.py and chalicelib with its templates, but without catalogues of translations.

    The zip has catalogues and templates in compiled form only. Templates are among these files because
    `stack.templates` calls this function to find them. `stack.languages` finds the catalogues without this function.
    """
    yield project / "app.py"
    for path in sorted((project / "chalicelib").rglob("*")):
        is_bytecode = "__pycache__" in path.parts
        is_catalogue = path.suffix in (".po", ".mo")
        if path.is_file() and not is_bytecode and not is_catalogue:
            yield path


def declaration_files(project: Path) -> list[Path]:
    """Return Chalice's config.json and the functions' IAM policies."""
    return sorted((project / ".chalice").glob("*.json"))


def digest(*parts: Path | str) -> str:
    """Return one hash of the version of this Python, which builds the package, and of all parts, in their order.

    A part is a string, or a path. For a path, hash the path and the content of the file.
    """
    total = hashlib.sha256(sys.version.encode())
    for part in parts:
        content = part.encode() if isinstance(part, str) else part.read_bytes()
        name = str(part).encode()
        part_hash = hashlib.sha256(name + b"\0" + content)
        total.update(part_hash.digest())
    return total.hexdigest()


def copy_application(project: Path, into: Path) -> None:
    """Copy the files of the project that Chalice needs: the application and the declarations, no requirements.txt."""
    _make_empty(into)
    _copy(project, into, [*application_files(project), *declaration_files(project)])


def install_dependencies(requirements: Path, into: Path, target: Target) -> None:
    """Install the requirements for the target's Python and platform.

    Install wheels only, so that no code of a dependency runs here.
    """
    _make_empty(into)
    options: list[str] = []  # Without options, uv installs for this Python and this machine.
    if target.platform:
        options = ["--python-version", target.version, "--python-platform", target.platform]
    command = [tool("uv"), "pip", "install", "--quiet", "--only-binary", ":all:", *options, "--target", str(into)]
    done = subprocess.run([*command, "-r", str(requirements)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failure(f"uv could not install the requirements for Python {target.version}:\n{done.stderr.strip()}")


def chalice_package(project_copy: Path, stage: str, out: Path) -> None:
    """Run `chalice package`, which merges our generated template into the template that Chalice makes."""
    merge = project_copy / "merge.json"
    merge.write_text(json.dumps(merge_template(), indent=2) + "\n", encoding="utf-8")
    command = [tool("chalice"), "--project-dir", str(project_copy), "package", "--stage", stage]
    region = {"AWS_DEFAULT_REGION": os.environ.get("AWS_DEFAULT_REGION", REGION)}
    done = subprocess.run(
        [*command, "--merge-template", str(merge), str(out)],
        env={**os.environ, **region},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Failure(f"chalice could not package the application:\n{done.stderr.strip()}")


def _make_empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def _copy(project: Path, into: Path, files: list[Path]) -> None:
    for source in files:
        destination = into / source.relative_to(project)
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, destination)
