"""The Python version that the functions run on: pinned on AWS; on the emulator, the emulator's own."""

import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

LOCAL_STAGE = "local"
AWS_PYTHON = "3.13"
# Lambda's Python 3.13 is Amazon Linux 2023, which has glibc 2.34. Wheels for older versions of glibc run there too.
AWS_PLATFORM = "x86_64-manylinux_2_34"
_PRINT_VERSION = "import sys; print('{}.{}'.format(*sys.version_info))"
RUNNING = "{}.{}".format(*sys.version_info)


@dataclass(frozen=True)
class Target:
    """The Python version and platform that a package is built for.

    `platform`: uv's name of the machine to take wheels for; empty means this machine. `python`: an interpreter of that
    version, to compile with; None means that there is none here, and that the package has no bytecode.
    """

    version: str
    platform: str
    python: Path | None

    @property
    def runtime(self) -> str:
        """Return Lambda's name for the version."""
        return f"python{self.version}"


def target_of(stage: str, is_emulated: bool = False) -> Target:
    """Return the stage's target."""
    return local_target() if is_emulated or stage == LOCAL_STAGE else aws_target()


def local_target() -> Target:
    """Return the emulator's target. It runs functions with its own interpreter, which has our version of Python."""
    return Target(RUNNING, "", Path(sys.executable))


def aws_target() -> Target:
    """Return the target for AWS. It is the same for every deployer, whatever Python they have."""
    return Target(AWS_PYTHON, AWS_PLATFORM, interpreter(AWS_PYTHON))


@cache
def interpreter(version: str) -> Path | None:
    """Return a Python of this version: this process's, or the first on the PATH that starts; None if there is none."""
    if version == RUNNING:
        return Path(sys.executable)
    candidates = (Path(folder) / f"python{version}" for folder in os.get_exec_path())
    return next((path for path in candidates if os.access(path, os.X_OK) and _version(path) == version), None)


def _version(python: Path) -> str:
    """Return the version, or "" if it does not start: version managers leave stubs for inactive versions."""
    done = subprocess.run([python, "-I", "-S", "-c", _PRINT_VERSION], capture_output=True, text=True, check=False)
    return done.stdout.strip()
