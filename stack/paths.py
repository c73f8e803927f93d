"""Where things stand in the repository, and which Python runs the emulator."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCAL = Path(os.environ.get("LOCAL_DIR") or ROOT / ".local")
"""What a running site keeps here; a test gives its own."""

BUILD = ROOT / ".local" / "build"
STATE = LOCAL / "state"
ENDPOINTS = LOCAL / "endpoints.json"
PETITIONS = ROOT / ".chalice" / "petitions"
REGION = "us-east-1"
LINT_PYTHON = ROOT / ".venv-lint" / "bin" / "python"
"""The linters' interpreter: checkov pins many packages."""


def emulator_python() -> Path:
    """The emulator's interpreter: its pydantic differs from ours, so it has a venv of its own."""
    given = os.environ.get("EMULATOR_PYTHON")
    return Path(given) if given else ROOT / ".venv-emulator" / "bin" / "python"


def referee_home() -> Path:
    """Where the Makefile installs the referee's IAM engine: Node, and what runs in it."""
    given = os.environ.get("REFEREE_HOME")
    return Path(given) if given else ROOT / ".venv" / "referee"


def tool(name: str) -> str:
    """A command of the virtual environment that runs this process."""
    return str(Path(sys.executable).parent / name)
