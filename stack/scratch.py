"""Scratch folders of emulators. An emulator that is killed leaves its own behind: the next start removes it."""

import fcntl
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO

_PREFIX, _LOCK = "petitions-emulator-", "lock"


def new_folder() -> tuple[Path, IO[str]]:
    """Return a folder and its locked file. Pass the file on to the emulator: the lock ends with the emulator."""
    _remove_left_over()
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    # Lock it under another name first, so that another start never finds it unlocked.
    lock = (folder / f"{_LOCK}.new").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    Path(lock.name).rename(folder / _LOCK)
    return folder, lock


def _remove_left_over() -> None:
    for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*/{_LOCK}"):
        with suppress(OSError), path.open() as lock:  # The folder is in use, another user's, or just removed.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path.parent, ignore_errors=True)
