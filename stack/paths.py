"""Paths in the repository, and the Python that runs the emulator."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCAL = Path(os.environ.get("LOCAL_DIR") or ROOT / ".local")
"""Folder for a running site's data; each test sets its own."""

BUILD = ROOT / ".local" / "build"
STATE = LOCAL / "state"
ENDPOINTS = LOCAL / "endpoints.json"
PETITIONS = ROOT / ".chalice" / "petitions"
REGION = "us-east-1"


def emulator_python() -> Path:
    """Return the emulator's interpreter. It has its own virtual environment, because its pydantic differs from ours."""
    configured = os.environ.get("EMULATOR_PYTHON")
    return Path(configured) if configured else ROOT / ".venv-emulator" / "bin" / "python"


def referee_home() -> Path:
    """Return the folder where the Makefile installs the referee's IAM engine and Node."""
    configured = os.environ.get("REFEREE_HOME")
    return Path(configured) if configured else ROOT / ".venv" / "referee"


def tool(name: str) -> str:
    """Return the path of a command in this process's virtual environment."""
    return str(Path(sys.executable).parent / name)
