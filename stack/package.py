"""Build a stage's package in `.local/build/<stage>`: the SAM template, and the zip that all Lambda functions run.

The zip has compiled modules and templates, and only those files of the dependencies that are used. It is built again
only if its inputs have changed.
"""

import fcntl
import hashlib
import json
import shutil
import stat
import subprocess
import sys
import zipfile
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from rjsmin import jsmin

from chalicelib import VERSION
from chalicelib.edge.routes import GENERATED, generated_module
from chalicelib.pages.jinja import COMPILED, environment
from stack.charts import chart_files
from stack.console import Failure, run_main, say
from stack.constituencies import constituency_files
from stack.languages import compiled_catalogues
from stack.paths import BUILD, LOCAL_STAGE, ROOT, tool
from stack.template.application import application_template

AWS_PYTHON = "3.13"
THIS_VERSION = "{}.{}".format(*sys.version_info)
# Lambda's Python 3.13 runs on Amazon Linux 2023, which has glibc 2.34. Wheels for an older glibc run there too.
_AWS_PLATFORM = "x86_64-manylinux_2_34"
# The AWS services that the application calls. botocore has data of four hundred services.
SERVICES = ("dynamodb", "lambda", "s3", "sqs", "sesv2")
# Used by Chalice's command line only. The functions run only `chalice.app`.
_TOOLS = {
    *("_distutils_hack", "_yaml", "blessed", "click", "distutils-precedence.pth", "editor", "inquirer", "jinxed"),
    *("packaging", "pip", "pkg_resources", "readchar", "runs", "setuptools", "wcwidth", "wheel", "xmod", "yaml"),
    *("bin", "share", ".lock"),
}
# We do not use: email_validator's DNS queries, pydantic 1, time zones, making fonts, cffi's
# build tools, keys and signatures of pycryptodome, and tests and updates of the list of domains.
_UNUSED = {
    *("dns", "pydantic/v1", "dateutil/zoneinfo", "cffi", "pycparser"),
    *(f"fontTools/{part}" for part in ("cu2qu", "diff", "merge", "mtiLib", "qu2cu", "t1Lib", "ufoLib", "voltLib")),
    *(f"Crypto/{part}" for part in ("IO", "Math", "PublicKey", "SelfTest", "Signature")),
    *(f"publicsuffixlist/{name}" for name in ("test.py", "test_psl.txt", "update.py")),
}
# Its AVIF, colour management, fonts and windows, with the libraries that only these use.
_UNUSED_PILLOW = (
    *("_avif.", "_imagingcms.", "_imagingft.", "_imagingtk."),
    *("libavif", "libfreetype", "libharfbuzz", "liblcms2"),
)
_REQUIRED = ROOT / "requirements.txt"
_WITHOUT_METADATA = {*_TOOLS, "ansicon", "colorama", "python_editor", "pyyaml"}
_SHARED_DATA = ("endpoints.json", "partitions.json", "sdk-default-configuration.json", "_retry.json")
_UNUSED_SUFFIXES = (".pyi", ".pyc", ".pyx", ".c", ".h", ".exe", ".typed")

Files = Iterable[tuple[str, bytes]]
"""The name in the zip and the content of each file."""


@dataclass(frozen=True)
class Target:
    """The Python and the platform that a package is built for.

    `platform`: uv's name of it; "" means this machine. `python`: the interpreter that compiles the modules; None: this
    machine has none of that version.
    """

    version: str
    platform: str
    python: Path | None


def target_of(stage: str, is_emulated: bool = False) -> Target:
    """Return the same target for all stages on AWS. The emulator runs functions with the Python of this process."""
    if is_emulated or stage == LOCAL_STAGE:
        return Target(THIS_VERSION, "", Path(sys.executable))
    return Target(AWS_PYTHON, _AWS_PLATFORM, interpreter(AWS_PYTHON))


@cache
def interpreter(version: str) -> Path | None:
    """Return a Python of this version that uv finds, on the PATH or elsewhere. None: there is none."""
    command = [tool("uv"), "python", "find", "--no-python-downloads", version]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return Path(done.stdout.strip()) if done.returncode == 0 else None


@dataclass(frozen=True)
class Package:
    """A built package: the paths of the SAM template and of the zip."""

    template: Path
    archive: Path

    def read_template(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.template.read_text())
        return document


def package(stage: str, build: Path = BUILD, target: Target | None = None) -> Package:
    """Build the stage's package and return it. If no input has changed, return the package that was built before."""
    target = target or target_of(stage)
    if target.python is None:
        say(
            f"note: without python{target.version}, the package has no bytecode, and cold starts take 2.5 times the CPU"
        )
    result, inputs = Package(build / stage / "sam.json", build / stage / "deployment.zip"), build / stage / "inputs"
    build.mkdir(parents=True, exist_ok=True)
    with (build / "lock").open("w") as lock:  # Several test workers may build the same package at the same time.
        fcntl.flock(lock, fcntl.LOCK_EX)
        contents = [*contents_of(ROOT)]
        digest = _digest(target, _REQUIRED.read_bytes(), contents)
        if not (inputs.exists() and inputs.read_text() == digest and result.archive.exists()):
            inputs.unlink(missing_ok=True)  # If the build fails, the next call must build again.
            write_zip(result.archive, with_bytecode(contents, target), _dependencies(build / "dependencies", target))
            inputs.write_text(digest)
        template = application_template(import_module("app").app, stage)
        for resource in template["Resources"].values():
            if resource["Type"] == "AWS::Serverless::Function":  # Chalice writes the Python that runs Chalice.
                resource["Properties"]["Runtime"] = f"python{target.version}"
        result.template.write_text(json.dumps(template, indent=2) + "\n")
    return result


def _dependencies(folder: Path, target: Target) -> Path:
    """Return the path of a zip with the used files of the dependencies, which is kept until they change."""
    key = _digest(target, _REQUIRED.read_bytes())[:16]
    kept, installed = folder / f"{key}.zip", folder / key
    if not kept.exists():
        shutil.rmtree(installed, ignore_errors=True)
        platform = ["--python-version", target.version, "--python-platform", target.platform] if target.platform else []
        # Wheels only, so that no code of a dependency runs here.
        uv = [tool("uv"), "pip", "install", "--quiet", "--only-binary", ":all:", *platform]
        _run([*uv, "--target", str(installed), "-r", str(_REQUIRED)])
        names = [path.relative_to(installed).as_posix() for path in installed.rglob("*") if path.is_file()]
        wanted = ((name, (installed / name).read_bytes()) for name in names if is_wanted(name))
        write_zip(kept, with_bytecode(wanted, target))
        shutil.rmtree(installed)
    return kept


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failure(f"{Path(command[0]).name} failed:\n{(done.stderr or done.stdout).strip()}")


def _application(project: Path) -> Iterator[Path]:
    """Yield app.py and the files of chalicelib, but not the catalogues of translations, which ship compiled."""
    yield project / "app.py"
    for path in sorted((project / "chalicelib").rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts and path.suffix not in (".po", ".mo"):
            yield path


def contents_of(project: Path) -> Iterator[tuple[str, bytes]]:
    """Yield each file of the project as the zip has it: JavaScript is minified, templates are compiled."""
    folders = set()
    for path in _application(project):
        name = path.relative_to(project)
        if any(part.endswith("templates") for part in name.parent.parts):
            folders.add(name.parent)
        else:
            yield name.as_posix(), as_shipped(path)
    yield from constituency_files(project)
    yield f"{GENERATED.replace('.', '/')}.py", generated_module().encode()
    yield from chart_files()
    yield from compiled_catalogues(project)
    # Without these modules, a process would compile the templates of its first page: more than half of its CPU time.
    for folder in sorted(folders):
        with TemporaryDirectory(prefix="petitions-templates-") as out:
            # Jinja also lists the templates in subfolders, which have modules of their own.
            environment(project / folder).compile_templates(
                out, zip=None, ignore_errors=False, filter_func=lambda name: "/" not in name
            )
            for module in sorted(Path(out).iterdir()):
                yield (folder / COMPILED / module.name).as_posix(), module.read_bytes()


def as_shipped(path: Path) -> bytes:
    content = path.read_bytes()
    return jsmin(content) if path.suffix == ".js" else content


def is_wanted(name: str) -> bool:
    """Return whether a dependency's file is used at run time."""
    path = PurePosixPath(name)
    top, second = path.parts[0], "/".join(path.parts[:2])
    if top in _TOOLS or {top, second} & _UNUSED or path.suffix in _UNUSED_SUFFIXES or "tests" in path.parts:
        return False
    if top == "chalice":
        return second in ("chalice/__init__.py", "chalice/app.py")
    if top.endswith(".dist-info"):
        kept = path.parts[1] in ("METADATA", "WHEEL", "licenses")
        return kept and top.split("-")[0].lower() not in _WITHOUT_METADATA
    if top in ("PIL", "pillow.libs") and path.name.startswith(_UNUSED_PILLOW):
        return False
    if top == "fontTools":  # It has its compiled modules in Python too. `interpolat…`: for people who make fonts.
        return path.suffix != ".so" and not path.name.startswith("interpolat")
    if second in ("botocore/data", "boto3/data"):
        return path.parts[2] in SERVICES or path.parts[2].removesuffix(".gz") in _SHARED_DATA
    return not (top == "fontpkg_noto_sans" and "Italic" in path.name)


def with_bytecode(files: Files, target: Target) -> Iterator[tuple[str, bytes]]:
    """Yield the files, and each module's .pyc if the target's Python is installed.

    It has an unchecked hash (PEP 552): a usual .pyc has its source's time, which unpacking the zip changes.
    """
    with TemporaryDirectory(prefix="petitions-bytecode-") as folder:
        for name, content in files:
            yield name, content
            if target.python and name.endswith(".py"):
                module = Path(folder, name)
                module.parent.mkdir(parents=True, exist_ok=True)
                module.write_bytes(content)
        if target.python:
            compile_all = [str(target.python), "-I", "-S", "-W", "ignore", "-m", "compileall", "-q"]
            _run([*compile_all, "--invalidation-mode", "unchecked-hash", "-s", folder, folder])
            for path in sorted(Path(folder).rglob("*.pyc")):
                yield path.relative_to(folder).as_posix(), path.read_bytes()


def write_zip(path: Path, files: Files, base: Path | None = None) -> None:
    """Write the files into a zip: the same files make the same zip. `base`: a zip whose files are included too."""
    partial = path.with_suffix(".partial")
    partial.parent.mkdir(parents=True, exist_ok=True)
    if base:
        shutil.copyfile(base, partial)
    with zipfile.ZipFile(partial, "a" if base else "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            mode = 0o755 if ".so" in PurePosixPath(name).suffixes else 0o644
            entry.external_attr = (stat.S_IFREG | mode) << 16  # The upper half of this field is the Unix mode.
            archive.writestr(entry, content)
    partial.replace(path)


def _digest(*parts: object) -> str:
    """Return one hash of the version of this Python, of this file and of all parts."""
    return hashlib.sha256(repr((sys.version, Path(__file__).read_bytes(), *parts)).encode()).hexdigest()


def _main() -> None:
    parser = ArgumentParser(prog="make package", description=__doc__)
    parser.add_argument("--stage", default="dev")
    built = package(parser.parse_args().stage)
    say(f"petitions {VERSION}, {built.archive.relative_to(ROOT)}: {built.archive.stat().st_size / 1e6:.1f} MB zipped")


if __name__ == "__main__":
    run_main(_main)
