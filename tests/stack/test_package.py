"""The emulator's package is complete, slim, compiled and reproducible."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from stack.package import SERVICES, Package, is_wanted, package, write_zip
from stack.paths import BUILD, ROOT

TEMPLATE_SUFFIXES = (".atom", ".html", ".svg", ".txt")

pytestmark = pytest.mark.stack


def run_from_zip(built: Package, folder: Path, code: str) -> None:
    """The process cannot import this environment's packages, which would hide a missing one."""
    zipfile.ZipFile(built.archive).extractall(folder)
    alone = f"import sys; sys.path.insert(0, {str(folder)!r}); {code}"
    process = subprocess.run([sys.executable, "-I", "-S", "-c", alone], capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr


def test_the_application_starts_from_the_zip_alone(local_package: Package, tmp_path: Path) -> None:
    clients = f"import boto3; [boto3.client(name, region_name='us-east-1') for name in {SERVICES}]"
    run_from_zip(local_package, tmp_path, f"import app; {clients}")


def test_every_template_is_loaded_from_the_zip_without_compiling_it(local_package: Package, tmp_path: Path) -> None:
    files = [path.relative_to(ROOT) for path in (ROOT / "chalicelib").rglob("*")]
    templates = [file for file in files if file.suffix in TEMPLATE_SUFFIXES and file.parent.name != "assets"]
    folders_and_names = [(str(template.parent), template.name) for template in templates]
    assert len(templates) > 50
    load = (
        "from jinja2 import Environment; from pathlib import Path\n"
        "from chalicelib.pages.jinja import environment; Environment.compile = None\n"
        f"for folder, name in {folders_and_names}: environment(Path({str(tmp_path)!r}, folder)).get_template(name)"
    )
    run_from_zip(local_package, tmp_path, load)


def test_only_the_export_function_imports_the_export_libraries() -> None:
    code = "import sys, app; print({name.partition('.')[0] for name in sys.modules} & set(sys.argv[1:]))"
    export_libraries = ["pyrage", "stream_zip", "Crypto", "fpdf", "fontTools", "fontpkg_noto_sans", "PIL"]
    command = [sys.executable, "-c", code, *export_libraries]
    process = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert process.stdout.strip() == "set()"


def test_the_same_sources_make_the_same_bytes(tmp_path: Path) -> None:
    sources = [("b.py", b"x = 1\n"), ("a.txt", b"text")]
    for name, order in (("one.zip", sources), ("two.zip", sources[::-1])):
        write_zip(tmp_path / name, order)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_building_again_changes_nothing(local_package: Package) -> None:
    before = local_package.archive.stat().st_mtime_ns
    assert package("local", BUILD) == local_package
    assert local_package.archive.stat().st_mtime_ns == before


def test_metadata_ships_for_the_search_for_known_vulnerabilities() -> None:
    assert is_wanted("email_validator-2.4.0.dist-info/METADATA")


def test_the_chart_library_ships_as_a_module_with_its_licence(local_package: Package) -> None:
    with zipfile.ZipFile(local_package.archive) as archive:
        script = archive.read("chalicelib/pages/assets/uplot.js").decode()
        style = archive.read("chalicelib/pages/assets/uplot.css").decode()
    assert script.rstrip().endswith("export default uPlot;")
    for text in (script, style):
        assert "The MIT License (MIT)" in text
        assert "Copyright (c) 2021 Leon Sorokin" in text


def test_scripts_ship_without_comments(local_package: Package) -> None:
    name = "chalicelib/pages/dashboard/app.js"
    assert b"//" in (ROOT / name).read_bytes()
    with zipfile.ZipFile(local_package.archive) as archive:
        assert b"//" not in archive.read(name)
