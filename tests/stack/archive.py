"""What is in a zip for Lambda, and what runs from it."""

import subprocess
import zipfile
from pathlib import Path
from typing import Any

from benchmarks import scene
from stack.package import AWS_PYTHON, interpreter

PYTHON = interpreter(AWS_PYTHON)

GLIBC_OF_AMAZON_LINUX_2023 = (2, 34)


def compiled_files(archive: zipfile.ZipFile) -> set[str]:
    """Return the extension modules, without the shared libraries that wheels include."""
    return {name for name in archive.namelist() if name.endswith(".so") and ".libs/" not in name}


def gateway_event(path: str, query: dict[str, list[str]] | None) -> dict[str, Any]:
    """Return API Gateway's event for a GET without path parameters."""
    count_event = scene.count_event("any")
    request = {"resource": path, "path": path, "pathParameters": None, "multiValueQueryStringParameters": query}
    context = {**count_event["requestContext"], "resourcePath": path, "path": f"/site{path}"}
    return {**count_event, **request, "requestContext": context}


def run_script(script: str, folder: Path, stdin: str = "") -> subprocess.CompletedProcess[bytes]:
    """Run a script with the pinned Python, which can import only the unpacked zip and its standard library."""
    command = [str(PYTHON), "-I", "-S", "-B", str(Path(__file__).with_name(script)), str(folder)]
    settings = {**scene.SETTINGS, **scene.AWS_SETTINGS}
    return subprocess.run(command, input=stdin.encode(), env=settings, capture_output=True, check=False)
