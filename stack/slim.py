"""Choose the files of dependencies that are used at run time, and write them into a reproducible zip."""

import stat
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

SERVICES = ("dynamodb", "lambda", "s3", "sqs", "sesv2")
"""The AWS services that the application calls. botocore has data of four hundred services."""

_TOOLS_OF_CHALICE = {
    *("_distutils_hack", "_yaml", "blessed", "click", "distutils-precedence.pth", "editor", "inquirer"),
    *("jinxed", "packaging", "pip", "pkg_resources", "readchar", "runs", "setuptools", "wcwidth"),
    *("wheel", "xmod", "yaml"),
}
"""Packages that only Chalice's command line uses. The functions run only `chalice.app`."""

_FILES_OF_CHALICE = ("__init__.py", "app.py")

_UNUSED_OF_FONTS = ("cu2qu", "diff", "merge", "mtiLib", "qu2cu", "t1Lib", "ufoLib", "voltLib")
_NEVER_IMPORTED = {
    *(("dns",), ("pydantic", "v1"), ("dateutil", "zoneinfo"), ("PIL",), ("pillow.libs",), ("cffi",), ("pycparser",)),
    *(("fontTools", part) for part in _UNUSED_OF_FONTS),
    *(("publicsuffixlist", name) for name in ("test.py", "test_psl.txt", "update.py")),
}
"""Parts of libraries that we do not use: email_validator's DNS queries, pydantic 1, dateutil's time zones, pictures
on cover sheets, making fonts, tests and updates of the list of domains, and cffi's build tools. cryptography needs only
cffi's backend, because its wheel contains the built bindings."""

# The zip contains no code of these distributions.
_WITHOUT_METADATA = {*_TOOLS_OF_CHALICE, "ansicon", "colorama", "pillow", "python_editor", "pyyaml"}
_SHARED_DATA = ("endpoints.json", "partitions.json", "sdk-default-configuration.json", "_retry.json")
_METADATA_KEPT = ("METADATA", "WHEEL", "licenses")
_UNUSED_SUFFIXES = (".pyi", ".pyc", ".pyx", ".c", ".h", ".exe", ".typed")
# Every file gets the same time, so that the same files make the same zip.
_EPOCH = (1980, 1, 1, 0, 0, 0)


def is_wanted(name: str) -> bool:
    """Return whether a dependency's file is used at run time."""
    path = PurePosixPath(name)
    top = path.parts[0]
    is_tool = top in _TOOLS_OF_CHALICE or top in ("bin", "share")
    if is_tool or path.suffix in _UNUSED_SUFFIXES:
        return False
    if top == "chalice":
        return len(path.parts) == 2 and path.name in _FILES_OF_CHALICE
    # An entry of _NEVER_IMPORTED is a package, or a package and one of its parts.
    if path.parts[:1] in _NEVER_IMPORTED or path.parts[:2] in _NEVER_IMPORTED:
        return False
    if top.endswith(".dist-info"):
        distribution = top.split("-")[0].lower()
        is_kept = len(path.parts) > 1 and path.parts[1] in _METADATA_KEPT
        return is_kept and distribution not in _WITHOUT_METADATA
    return "tests" not in path.parts and _is_wanted_data(path)


def _is_wanted_data(path: PurePosixPath) -> bool:
    """Return whether a file that is outside of tests and metadata is used at run time.

    Not used: italic fonts, the compiled modules of fontTools (it has the same modules in Python), its modules
    `interpolat…` (for people who make fonts), and descriptions of AWS services that the application does not call.
    """
    if path.parts[0] == "fontpkg_noto_sans" and "Italic" in path.name:
        return False
    is_unused_of_fonts = path.suffix == ".so" or path.name.startswith("interpolat")
    if path.parts[0] == "fontTools" and is_unused_of_fonts:
        return False
    is_description = path.parts[:2] in (("botocore", "data"), ("boto3", "data")) and len(path.parts) >= 3
    if not is_description:
        return True
    service_or_file = path.parts[2]
    return service_or_file in SERVICES or service_or_file.removesuffix(".gz") in _SHARED_DATA


def write_zip(target: Path, sources: Iterable[tuple[str, bytes]], base: Path | None = None) -> None:
    """Write the files (name in the zip, content) into a zip. `base`: a zip whose files are included too."""
    partial = target.with_suffix(".partial")
    if base:
        partial.write_bytes(base.read_bytes())
    with zipfile.ZipFile(partial, "a" if base else "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(sources):
            archive.writestr(_information(name), content)
    partial.replace(target)


def wanted_dependencies(installed: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the name in the zip and the content of each installed file that is used at run time."""
    for path in installed.rglob("*"):
        name = path.relative_to(installed).as_posix()
        if path.is_file() and is_wanted(name):
            yield name, path.read_bytes()


def _information(name: str) -> zipfile.ZipInfo:
    information = zipfile.ZipInfo(name, _EPOCH)
    information.compress_type = zipfile.ZIP_DEFLATED
    mode = 0o755 if ".so" in PurePosixPath(name).suffixes else 0o644
    information.external_attr = (stat.S_IFREG | mode) << 16  # The upper half of this field is the Unix mode.
    return information
