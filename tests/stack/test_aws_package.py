"""The package for AWS has wheels and bytecode for the pinned Python, whichever Python builds it."""

import json
import re
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import scene
from stack import package as packaging
from stack.package import AWS_PYTHON, THIS_VERSION, Package, interpreter, package, target_of, with_bytecode
from stack.paths import LOCAL_STAGE

pytestmark = pytest.mark.stack
PYTHON = interpreter(AWS_PYTHON)
needs_the_pinned_python = pytest.mark.skipif(PYTHON is None, reason=f"python{AWS_PYTHON} is not on the PATH")
# Magic number of every release of CPython 3.13, and PEP 552's flag for "do not check the source".
BYTECODE_OF_313 = (3571).to_bytes(2, "little") + b"\r\n" + (1).to_bytes(4, "little")
ZIPPED_LIMIT, UNZIPPED_LIMIT = 50_000_000, 250_000_000
EXTENSION_OF_313 = re.compile(r"\.(cpython-313-x86_64-linux-gnu|abi3)\.so$")


@pytest.fixture(scope="module")
def aws_package() -> Package:
    """The package that `make check` lints."""
    return package("lint")


@pytest.fixture(scope="module")
def archive(aws_package: Package) -> Iterator[zipfile.ZipFile]:
    with zipfile.ZipFile(aws_package.archive) as opened:
        yield opened


@pytest.fixture(scope="module")
def unpacked_zip(archive: zipfile.ZipFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("function")
    archive.extractall(folder)
    return folder


def test_every_function_has_the_pinned_runtime(aws_package: Package) -> None:
    resources = aws_package.read_template()["Resources"].values()
    functions = [resource for resource in resources if resource["Type"] == "AWS::Serverless::Function"]
    assert len(functions) > 10
    assert {function["Properties"]["Runtime"] for function in functions} == {"python3.13"}


def test_every_extension_module_is_for_the_pinned_python(archive: zipfile.ZipFile) -> None:
    # Wheels also include shared libraries.
    found = {name for name in archive.namelist() if name.endswith(".so") and ".libs/" not in name}
    assert len(found) >= 5
    assert {name for name in found if not EXTENSION_OF_313.search(name)} == set()


def test_no_binary_needs_a_newer_glibc(archive: zipfile.ZipFile) -> None:
    """Check the symbols that each binary links to, not its wheel's tag."""
    binaries = [name for name in archive.namelist() if ".so" in name]
    glibc_versions = set()
    for name in binaries:
        for major, minor in re.findall(rb"GLIBC_(\d+)\.(\d+)", archive.read(name)):
            glibc_versions.add((int(major), int(minor)))
    assert glibc_versions
    assert max(glibc_versions) <= (2, 34), "the version of Amazon Linux 2023"


def test_the_package_is_within_lambdas_limits(aws_package: Package, archive: zipfile.ZipFile) -> None:
    assert aws_package.archive.stat().st_size < 0.6 * ZIPPED_LIMIT
    assert sum(entry.file_size for entry in archive.infolist()) < UNZIPPED_LIMIT / 3


@needs_the_pinned_python
def test_every_module_has_bytecode_that_the_pinned_python_loads(archive: zipfile.ZipFile) -> None:
    names = archive.namelist()
    modules = [name for name in names if name.endswith(".py")]
    compiled = [name for name in names if name.endswith(".cpython-313.pyc")]
    assert len(compiled) == len(modules)
    assert {archive.read(name)[:8] for name in compiled} == {BYTECODE_OF_313}


# Answers the event on stdin as a function does.
SERVE = """
import json, sys
sys.path.insert(0, sys.argv[1])
import app
json.dump(app.app(json.load(sys.stdin), None), sys.stdout)
"""
PRINT_A_COVER = Path(__file__).with_name("print_a_cover.py").read_text(encoding="utf-8")


def run_script(script: str, folder: Path, stdin: str = "") -> bytes:
    """Run a script with the pinned Python, which can import only the unpacked zip and its standard library."""
    command = [str(PYTHON), "-I", "-S", "-B", "-c", script, str(folder)]
    settings = {**scene.SETTINGS, **scene.AWS_SETTINGS}
    process = subprocess.run(command, input=stdin.encode(), env=settings, capture_output=True, check=False)
    assert process.returncode == 0, process.stderr.decode()
    return process.stdout


@needs_the_pinned_python
@pytest.mark.parametrize(
    ("path", "query", "status", "kind", "part"),
    [
        ("/api/openapi.json", None, 200, "application/json", '"openapi"'),
        ("/confirm", {"token": ["damaged"]}, 400, "text/html", "<main"),
    ],
)
def test_the_pinned_python_serves_from_the_zip_alone(
    unpacked_zip: Path, path: str, query: dict[str, list[str]] | None, status: int, kind: str, part: str
) -> None:
    count_event = scene.count_event("any")
    request = {"resource": path, "path": path, "pathParameters": None, "multiValueQueryStringParameters": query}
    context = {**count_event["requestContext"], "resourcePath": path, "path": f"/site{path}"}
    event = {**count_event, **request, "requestContext": context, "headers": {"accept": kind}}
    output = run_script(SERVE, unpacked_zip, stdin=json.dumps(event))
    answer = json.loads(output.splitlines()[-1])  # after its log line
    assert answer["statusCode"] == status
    assert answer["headers"]["Content-Type"].startswith(kind)
    assert part in answer["body"]


@needs_the_pinned_python
def test_the_pinned_python_encrypts_and_prints_an_export_from_the_zip_alone(unpacked_zip: Path) -> None:
    assert run_script(PRINT_A_COVER, unpacked_zip).startswith(b"%PDF")


def test_only_the_emulator_uses_the_deployers_python() -> None:
    assert target_of("dev").version == target_of("prod").version == "3.13"
    assert target_of(LOCAL_STAGE).version == target_of("dev", is_emulated=True).version == THIS_VERSION


def test_without_an_interpreter_the_package_has_no_bytecode_and_a_note_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], aws_package: Package, tmp_path: Path
) -> None:
    monkeypatch.setattr(packaging, "interpreter", lambda version: None)
    target_without_python = target_of("dev")
    assert list(with_bytecode([("a.py", b"x = 1\n")], target_without_python)) == [("a.py", b"x = 1\n")]
    monkeypatch.setattr("stack.package.write_zip", lambda path, *_: path.parent.mkdir(parents=True, exist_ok=True))
    package("dev", tmp_path, target_without_python)
    assert "python3.13" in capsys.readouterr().out
