"""Scratch folders of emulators. A killed emulator cannot remove its folder, so the next start removes the folder."""

import fcntl
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO

_PREFIX, _LOCK = "petitions-emulator-", "lock"


def new_folder() -> tuple[Path, IO[str]]:
    """Return a new folder and a locked file in the folder.

    Pass the file to the emulator's process: the lock then lasts until the process ends. A folder whose file is not
    locked is one that a killed emulator left.
    """
    _remove_left_over()
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    # Lock the file under another name, and then rename it. So the start of another emulator never finds it unlocked.
    lock = (folder / f"{_LOCK}.new").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    Path(lock.name).rename(folder / _LOCK)
    return folder, lock


def _remove_left_over() -> None:
    """Remove each folder whose file is not locked: its emulator was killed."""
    for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*/{_LOCK}"):
        with suppress(OSError), path.open() as lock:  # The folder is in use, another user's, or just removed.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path.parent, ignore_errors=True)
