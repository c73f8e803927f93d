"""Unpack the zip file of the functions' code (25 MB, thousands of files) once for all emulators on this machine.

The emulator itself (ministack) unpacks the zip file for each process.
"""

import hashlib
import io
import os
import shutil
import tempfile
import threading
import time
import zipfile
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from stack.paths import BUILD

_FOLDER = BUILD / "unpacked"
_MAX_UNUSED_SECONDS = 7 * 24 * 3_600
_lock = threading.Lock()


def unpack(package: bytes) -> Path:
    """Return the folder with the content of this zip file. If no emulator has unpacked the zip file yet, unpack it."""
    target = _FOLDER / _digest(package)
    with _lock:  # Several threads of this emulator may start processes of a function at the same time.
        if not target.exists():
            _remove_unused()
            _unpack(package, target)
        os.utime(target)  # The time of this use, for `_remove_unused`.
    return target


@lru_cache(4)
def _digest(package: bytes) -> str:
    return hashlib.sha256(package).hexdigest()


def _unpack(package: bytes, target: Path) -> None:
    """Unpack to a temporary folder, then rename that folder. If another emulator was faster, its folder stays."""
    partial = tempfile.mkdtemp(dir=target.parent)
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        archive.extractall(partial)
    with suppress(OSError):  # Another emulator has made `target` meanwhile.
        os.rename(partial, target)  # noqa: PTH104
    shutil.rmtree(partial, ignore_errors=True)


def _remove_unused() -> None:
    """Delete the folders that no emulator has asked for in a week."""
    _FOLDER.mkdir(parents=True, exist_ok=True)
    for folder in _FOLDER.iterdir():
        with suppress(FileNotFoundError):  # Another emulator renamed or removed it.
            last_use = folder.stat().st_mtime  # `unpack` sets it.
            if last_use < time.time() - _MAX_UNUSED_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)
