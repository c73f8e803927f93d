"""List what a built Lambda zip contains, and find the requirements that are missing from the zip.

The emulator cannot show that a package is missing, because functions there can also import the emulator's packages.
"""

import re
import zipfile
from collections import Counter
from email.parser import HeaderParser
from pathlib import Path

# The import name of each distribution that is imported under another name.
_IMPORT_NAMES = {"markdown-it-py": "markdown_it", "fpdf2": "fpdf", "linkify-it-py": "linkify_it"}


def breakdown(archive: Path) -> dict[str, int]:
    """Return the compressed bytes of each top-level package, largest first. All metadata is one row, `*.dist-info`."""
    sizes: Counter[str] = Counter()
    with zipfile.ZipFile(archive) as opened:
        for entry in opened.infolist():
            sizes[_owner(entry.filename)] += entry.compress_size
    return dict(sizes.most_common())


def requirements(path: Path) -> dict[str, str]:
    """Return the exact version of each package in a requirements file."""
    lines = (line.split("#")[0].strip() for line in path.read_text().splitlines())
    pins = (line.partition("==") for line in lines if line)
    return {name.strip(): version.strip() for name, _, version in pins}


def missing_requirements(archive: Path, required: dict[str, str]) -> list[str]:
    """Return the requirements that the zip does not contain, or contains in another version."""
    with zipfile.ZipFile(archive) as opened:
        names = opened.namelist()
        versions = dict(_name_and_version(opened, name) for name in names if _is_metadata(name))
    modules = {name.split("/")[0].removesuffix(".py") for name in names if name.endswith(".py")}
    return sorted(
        f"{name}=={version}"
        for name, version in required.items()
        # Metadata is not enough: the package's code must be there too.
        if versions.get(_normal(name)) != version or _IMPORT_NAMES.get(name, _normal(name)) not in modules
    )


def summary(archive: Path) -> str:
    """Return one line with the zip's size and the sizes of the four largest packages."""
    largest = list(breakdown(archive).items())[:4]
    sizes = ", ".join(f"{name} {size / 1e6:.1f}" for name, size in largest)
    return f"{archive.stat().st_size / 1e6:.1f} MB zipped (MB: {sizes})"


def _owner(name: str) -> str:
    top = name.split("/")[0]
    return "*.dist-info" if top.endswith(".dist-info") else top


def _is_metadata(name: str) -> bool:
    return name.count("/") == 1 and name.endswith(".dist-info/METADATA")


def _name_and_version(opened: zipfile.ZipFile, metadata: str) -> tuple[str, str]:
    """Return the name and version of a distribution. `metadata`: the name of its file METADATA in the zip."""
    headers = HeaderParser().parsestr(opened.read(metadata).decode())
    return _normal(headers["Name"]), headers["Version"]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()
