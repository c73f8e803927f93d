"""Unpack a function's code once. ministack does this for each process of a function: thousands of files, 20 times."""

import hashlib
import os
import shutil
import tempfile
import zipfile
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ministack.core import lambda_runtime


class _Shared(zipfile.ZipFile):
    """A zip file whose content is unpacked once and shared by all processes."""

    def extractall(self, path: Any = None, *_: Any, **__: Any) -> None:
        """Put a link to the unpacked content in place of the empty folder `path`."""
        digest = hashlib.sha256(Path(str(self.filename)).read_bytes()).hexdigest()
        target = Path(tempfile.gettempdir(), f"unpacked-{digest}")
        if not target.exists():
            self._unpack(target)
        Path(path).rmdir()
        Path(path).symlink_to(target)

    def _unpack(self, target: Path) -> None:
        """Unpack to a temporary folder, then rename. Rename fails if another thread was faster."""
        partial = tempfile.mkdtemp(dir=target.parent)
        super().extractall(partial)
        with suppress(OSError):
            os.rename(partial, target)  # noqa: PTH104
        shutil.rmtree(partial, ignore_errors=True)


def install() -> None:
    lambda_runtime.zipfile = SimpleNamespace(**{**vars(zipfile), "ZipFile": _Shared})
