"""The Python that the functions run on: pinned on AWS; on the emulator, the Python that runs the emulator."""

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
_TELL_VERSION = "import sys; print('{}.{}'.format(*sys.version_info))"
RUNNING = "{}.{}".format(*sys.version_info)


@dataclass(frozen=True)
class Target:
    """What a package is built for.

    `platform`: uv's name of the machine to take wheels for; empty means this machine. `python`: an interpreter of that
    version, to compile with; None means that there is none here, and that the package has no bytecode.
    """

    version: str
    platform: str
    python: Path | None

    @property
    def runtime(self) -> str:
        """Lambda's name for the version."""
        return f"python{self.version}"


def target_of(stage: str, is_emulated: bool = False) -> Target:
    """What the stage runs on."""
    return local_target() if is_emulated or stage == LOCAL_STAGE else aws_target()


def local_target() -> Target:
    """The emulator runs functions with its own interpreter; make uses one version of Python for it and for us."""
    return Target(RUNNING, "", Path(sys.executable))


def aws_target() -> Target:
    """The same for every deployer, whatever Python they have."""
    return Target(AWS_PYTHON, AWS_PLATFORM, interpreter(AWS_PYTHON))


@cache
def interpreter(version: str) -> Path | None:
    """A Python of this version: the one that runs this, or the first on the PATH that starts."""
    if version == RUNNING:
        return Path(sys.executable)
    candidates = (Path(folder) / f"python{version}" for folder in os.get_exec_path())
    return next((path for path in candidates if os.access(path, os.X_OK) and _version(path) == version), None)


def _version(python: Path) -> str:
    """Empty when it does not start: a version manager leaves commands for versions that are not chosen."""
    done = subprocess.run([python, "-I", "-S", "-c", _TELL_VERSION], capture_output=True, text=True, check=False)
    return done.stdout.strip()
