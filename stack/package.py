"""Build a stage's package in `.local/build/<stage>`: the SAM template, and the zip that all Lambda functions run.

`chalice package` makes the template. The zip contains compiled modules, and only those files of the dependencies that
are used. The package is built again only if its inputs have changed.
"""

import fcntl
import json
import shutil
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rjsmin import jsmin

from stack import constituencies, members
from stack.bytecode import with_bytecode
from stack.charts import chart_files
from stack.console import Failure, run_main, say
from stack.constituencies import constituency_file
from stack.contents import breakdown, missing_requirements, requirements, summary
from stack.languages import catalogues, compiled_catalogues
from stack.members import members_file
from stack.paths import BUILD, ROOT
from stack.project import (
    application_files,
    chalice_package,
    copy_application,
    declaration_files,
    digest,
    install_dependencies,
)
from stack.slim import wanted_dependencies, write_zip
from stack.target import Target, target_of
from stack.template.merge import merge_template
from stack.templates import compiled_templates, is_template

# The modules that build the package. If one of them changes, the package is built again.
_BUILD_MODULES = [
    Path(__file__).with_name(f"{name}.py")
    for name in (
        "bytecode",
        "charts",
        "compiler",
        "constituencies",
        "languages",
        "members",
        "package",
        "project",
        "slim",
        "target",
        "templates",
    )
]
_NO_BYTECODE = (
    "note: {} is not on the PATH, so the package has no bytecode and cold starts take 2.5 times the CPU. Install it and"
    " build again"
)


@dataclass(frozen=True)
class Package:
    """A built package. `template`: the path of the SAM template. `archive`: the path of the zip."""

    template: Path
    archive: Path

    def read_template(self) -> dict[str, Any]:
        """Return the SAM template, in which Chalice merged its own template with ours."""
        document: dict[str, Any] = json.loads(self.template.read_text())
        return document


def package(stage: str, project: Path = ROOT, build: Path = BUILD, target: Target | None = None) -> Package:
    """Build the stage's package and return it. If no input has changed, return the package that was built before."""
    target = target or target_of(stage)
    if target.python is None:
        say(_NO_BYTECODE.format(target.runtime))
    out = build / stage
    result = Package(out / "sam.json", out / "deployment.zip")
    inputs_file = out / "inputs"
    with _one_at_a_time(build):
        inputs_hash = _hash_of_inputs(stage, project, target)
        has_same_inputs = inputs_file.exists() and inputs_file.read_text() == inputs_hash
        is_current = has_same_inputs and result.archive.exists()
        if not is_current:
            inputs_file.unlink(missing_ok=True)  # If the build fails, the next call must build again.
            _build(stage, project, build, result, target)
            inputs_file.write_text(inputs_hash)
    return result


@contextmanager
def _one_at_a_time(build: Path) -> Iterator[None]:
    """Hold a lock on the build folder, because several test workers may build the same package at the same time."""
    build.mkdir(parents=True, exist_ok=True)
    with (build / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _hash_of_inputs(stage: str, project: Path, target: Target) -> str:
    """Return a hash of the stage, the target, the template and the files from which the package is built."""
    code = [*application_files(project), *declaration_files(project)]
    possible_tables = (constituencies.table_path(project), members.table_path(project))
    tables = [path for path in possible_tables if path.exists()]
    sources = [*code, *tables, *catalogues(project)]
    template = json.dumps(merge_template())
    charts = [content.decode() for _, content in chart_files()]
    return digest(stage, str(target), project / "requirements.txt", *sources, *_BUILD_MODULES, template, *charts)


def _build(stage: str, project: Path, build: Path, result: Package, target: Target) -> None:
    """Build the template and the zip. Raise Failure if the zip does not contain all requirements."""
    # Chalice gets a copy without requirements.txt, because it would install those packages for its own Python.
    project_copy = build / stage / "project"
    copy_application(project, project_copy)
    chalice_package(project_copy, stage, result.template.parent)
    _set_runtime(result, target)
    sources = with_bytecode(contents_of(project), target)
    write_zip(result.archive, sources, base=_dependencies(project, build, target))
    absent = missing_requirements(result.archive, requirements(project / "requirements.txt"))
    if absent:
        raise Failure(f"these requirements are not in the zip: {', '.join(absent)}")


def _set_runtime(result: Package, target: Target) -> None:
    """Set the functions' Python version. Chalice always writes the version of the Python that runs Chalice."""
    template = result.read_template()
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["Runtime"] = target.runtime
    result.template.write_text(json.dumps(template, indent=2) + "\n")


def contents_of(project: Path) -> Iterator[tuple[str, bytes]]:
    """Yield each file of the project, but not of its dependencies: the file's name in the zip, and its content."""
    for path in application_files(project):
        name = path.relative_to(project)
        if not is_template(name):
            yield name.as_posix(), as_shipped(path)
    yield from constituency_file(project)
    yield from members_file(project)
    yield from chart_files()
    yield from compiled_catalogues(project)
    yield from compiled_templates(project)


def as_shipped(path: Path) -> bytes:
    """Return the file's content as the zip has it: JavaScript is minified."""
    content = path.read_bytes()
    return jsmin(content) if path.suffix == ".js" else content


def _dependencies(project: Path, build: Path, target: Target) -> Path:
    """Return the path of a zip with the used files of the dependencies, which are installed for the target.

    The zip is built again only if the target, requirements.txt or the code of the build has changed.
    """
    required = project / "requirements.txt"
    key = digest(str(target), required, *_BUILD_MODULES)[:16]
    cached = build / "dependencies" / f"{key}.zip"
    if not cached.exists():
        installed = build / "dependencies" / key
        install_dependencies(required, installed, target)
        write_zip(cached, with_bytecode(wanted_dependencies(installed), target))
        shutil.rmtree(installed)
    return cached


def _main() -> None:
    parser = ArgumentParser(prog="make package", description=__doc__)
    parser.add_argument("--stage", default="dev")
    parser.add_argument("--sizes", action="store_true", help="print the bytes of every package")
    options = parser.parse_args()
    built = package(options.stage)
    say(f"{built.archive.relative_to(ROOT)}: {summary(built.archive)}")
    if options.sizes:
        for name, size in breakdown(built.archive).items():
            say(f"{size:>10,}  {name}")


if __name__ == "__main__":
    run_main(_main)
