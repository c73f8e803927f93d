"""List what a built Lambda zip contains, and find the requirements that are missing from the zip.

The emulator cannot show that a package is missing, because functions there can also import the emulator's packages.
"""

import re
import zipfile
from collections import Counter
from email.parser import HeaderParser
from pathlib import Path

# The import name of each distribution that is imported under another name.
_IMPORT_NAMES = {"markdown-it-py": "markdown_it", "fpdf2": "fpdf"}


def breakdown(archive: Path) -> dict[str, int]:
    """Return the compressed bytes of each top-level package, largest first. All metadata is one row, `*.dist-info`."""
    sizes: Counter[str] = Counter()
    with zipfile.ZipFile(archive) as opened:
        for entry in opened.infolist():
            sizes[_package_of(entry.filename)] += entry.compress_size
    return dict(sizes.most_common())


def requirements(path: Path) -> dict[str, str]:
    """Return the exact version of each package in a requirements file."""
    versions: dict[str, str] = {}
    for line in path.read_text().splitlines():
        without_comment = line.split("#")[0].strip()
        if without_comment:
            name, _, version = without_comment.partition("==")
            versions[name.strip()] = version.strip()
    return versions


def missing_requirements(archive: Path, required: dict[str, str]) -> list[str]:
    """Return the requirements that the zip does not contain, or contains in another version."""
    with zipfile.ZipFile(archive) as opened:
        files = opened.namelist()
        metadata_files = [file for file in files if _is_metadata(file)]
        versions = dict(_name_and_version(opened, file) for file in metadata_files)
    python_files = [file for file in files if file.endswith(".py")]
    modules = {file.split("/")[0].removesuffix(".py") for file in python_files}
    missing: list[str] = []
    for name, version in required.items():
        has_version = versions.get(_normal(name)) == version
        # Metadata is not enough: the package's code must be there too.
        import_name = _IMPORT_NAMES.get(name, _normal(name))
        has_code = import_name in modules
        if not has_version or not has_code:
            missing.append(f"{name}=={version}")
    return sorted(missing)


def summary(archive: Path) -> str:
    """Return one line with the zip's size and the sizes of the four largest packages."""
    largest = list(breakdown(archive).items())[:4]
    sizes = ", ".join(f"{name} {size / 1e6:.1f}" for name, size in largest)
    return f"{archive.stat().st_size / 1e6:.1f} MB zipped (MB: {sizes})"


def _package_of(name: str) -> str:
    top = name.split("/")[0]
    return "*.dist-info" if top.endswith(".dist-info") else top


def _is_metadata(name: str) -> bool:
    return name.count("/") == 1 and name.endswith(".dist-info/METADATA")


def _name_and_version(opened: zipfile.ZipFile, metadata: str) -> tuple[str, str]:
    """Return the name and version of a distribution. `metadata`: the name of its file METADATA in the zip."""
    text = opened.read(metadata).decode()
    headers = HeaderParser().parsestr(text)
    return _normal(headers["Name"]), headers["Version"]


def _normal(name: str) -> str:
    """Return the name of a distribution in one spelling: for PyPI, -, _ and . are the same, and so is the case."""
    return re.sub(r"[-_.]+", "_", name).lower()
