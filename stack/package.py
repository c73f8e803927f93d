"""`chalice package` into `.local/build/<stage>`, slimmed and compiled; a second call costs nothing."""

import fcntl
import json
import zipfile
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stack.charts import chart_files
from stack.console import Failure, run_main, say
from stack.constituencies import constituency_file, table
from stack.contents import breakdown, missing, requirements, summary
from stack.paths import BUILD, ROOT
from stack.project import (
    application_files,
    chalice_package,
    declaration_files,
    digest,
    stage_application,
    stage_dependencies,
)
from stack.slim import wanted_dependencies, write_zip

_OWN_RULES = [
    Path(__file__).with_name(f"{name}.py") for name in ("charts", "constituencies", "package", "project", "slim")
]


@dataclass(frozen=True)
class Package:
    """What is deployed: a SAM template, and the one zip that all its functions run."""

    template: Path
    archive: Path

    def read_template(self) -> dict[str, Any]:
        """The merged template."""
        document: dict[str, Any] = json.loads(self.template.read_text())
        return document


def package(stage: str, project: Path = ROOT, build: Path = BUILD) -> Package:
    """Build the stage's package, or return it at once when nothing it depends on has changed."""
    out = build / stage
    result = Package(out / "sam.json", out / "deployment.zip")
    mark = out / "inputs"
    with _one_at_a_time(build):
        inputs = _inputs(stage, project)
        if not (mark.exists() and mark.read_text() == inputs and result.archive.exists()):
            mark.unlink(missing_ok=True)
            _build(stage, project, build, result)
            mark.write_text(inputs)
    return result


@contextmanager
def _one_at_a_time(build: Path) -> Iterator[None]:
    """Test workers ask for the same package at the same moment."""
    build.mkdir(parents=True, exist_ok=True)
    with (build / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _inputs(stage: str, project: Path) -> str:
    code = [*application_files(project), *declaration_files(project)]
    given = [path for path in [table(project)] if path.exists()]
    brought = [content.decode() for _, content in chart_files()]
    return digest(stage, project / "requirements.txt", *code, *given, *_OWN_RULES, *brought)


def _build(stage: str, project: Path, build: Path, result: Package) -> None:
    staged = build / stage / "project"
    stage_application(project, staged)
    chalice_package(staged, stage, result.template.parent)
    write_zip(result.archive, contents_of(project), base=_dependencies(project, build))
    absent = missing(result.archive, requirements(project / "requirements.txt"))
    if absent:
        raise Failure(f"not in the zip, though required: {', '.join(absent)}")


def contents_of(project: Path) -> Iterator[tuple[str, bytes]]:
    """What of the project itself goes into the zip, by its name there."""
    for path in application_files(project):
        yield path.relative_to(project).as_posix(), path.read_bytes()
    yield from constituency_file(project)
    yield from chart_files()


def _dependencies(project: Path, build: Path) -> Path:
    """The slimmed dependencies, built once for each content of requirements.txt."""
    key = digest(project / "requirements.txt", *_OWN_RULES)[:16]
    kept = build / "dependencies" / f"{key}.zip"
    if not kept.exists():
        staged = build / "dependencies" / key
        stage_dependencies(project, staged)
        chalice_package(staged, "dev", staged / "out")
        with zipfile.ZipFile(staged / "out" / "deployment.zip") as built:
            write_zip(kept, wanted_dependencies(built))
    return kept


def _main() -> None:
    parser = ArgumentParser(prog="make package", description=__doc__)
    parser.add_argument("--stage", default="dev")
    parser.add_argument("--sizes", action="store_true", help="print the bytes of every package")
    options = parser.parse_args()
    built = package(options.stage)
    say(f"{built.archive.relative_to(ROOT)}: {summary(built.archive)}")
    for name, size in breakdown(built.archive).items() if options.sizes else ():
        say(f"{size:>10,}  {name}")


if __name__ == "__main__":
    run_main(_main)
