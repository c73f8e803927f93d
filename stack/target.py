"""The Python version and the platform for which the functions' package is built.

For AWS, both are fixed. For the emulator, they are the version of this Python and the platform of this machine.
"""

import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

LOCAL_STAGE = "local"
AWS_PYTHON = "3.13"
# Lambda's Python 3.13 runs on Amazon Linux 2023, which has glibc 2.34. Wheels for an older glibc run there too.
AWS_PLATFORM = "x86_64-manylinux_2_34"
_PRINT_VERSION = "import sys; print('{}.{}'.format(*sys.version_info))"
THIS_VERSION = "{}.{}".format(*sys.version_info)


@dataclass(frozen=True)
class Target:
    """The Python version and platform that a package is built for.

    `platform`: uv's name of the platform for which wheels are installed; empty means this machine. `python`: an
    interpreter of that version, which compiles the modules; None means that this machine has no such interpreter, so
    the package has no bytecode.
    """

    version: str
    platform: str
    python: Path | None

    @property
    def runtime(self) -> str:
        """Return Lambda's name for the Python version."""
        return f"python{self.version}"


def target_of(stage: str, is_emulated: bool = False) -> Target:
    """Return the target of the stage's package."""
    is_local = is_emulated or stage == LOCAL_STAGE
    return local_target() if is_local else aws_target()


def local_target() -> Target:
    """Return the target for the emulator, which runs functions with a Python of the version of this process."""
    return Target(THIS_VERSION, "", Path(sys.executable))


def aws_target() -> Target:
    """Return the target for AWS. Its version is the same, whatever Python runs the deployment."""
    return Target(AWS_PYTHON, AWS_PLATFORM, interpreter(AWS_PYTHON))


@cache
def interpreter(version: str) -> Path | None:
    """Return a Python of this version: the one of this process, or else the first on the PATH that starts.

    Return None if there is no such Python.
    """
    if version == THIS_VERSION:
        return Path(sys.executable)
    for folder in os.get_exec_path():
        candidate = Path(folder) / f"python{version}"
        if os.access(candidate, os.X_OK) and _version(candidate) == version:
            return candidate
    return None


def _version(python: Path) -> str:
    """Return the version of an interpreter. Return "" if it does not start.

    On the PATH, `python3.13` may be a script of a version manager. It starts only if that version is active.
    """
    done = subprocess.run([python, "-I", "-S", "-c", _PRINT_VERSION], capture_output=True, text=True, check=False)
    return done.stdout.strip()
