"""Paths of the project's folders, files and tools. The environment can change some of them."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCAL = Path(os.environ.get("LOCAL_DIR") or ROOT / ".local")
"""The folder for the data of a running site. Each test of `make run` sets a folder of its own."""

BUILD = ROOT / ".local" / "build"
STATE = LOCAL / "state"
ENDPOINTS = LOCAL / "endpoints.json"
COMMAND_ENVIRONMENT = STATE / "environment.json"
"""While the local site runs: the environment variables with which `manage.py` acts on it."""

PETITIONS = ROOT / ".chalice" / "petitions"
LOCAL_STAGE = "local"
REGION = "us-east-1"
"""The region of the emulator, and of packaging if the environment names none. A real stack may be in any region."""


EMULATOR_PYTHON = ROOT / ".venv-emulator" / "bin" / "python"
"""The emulator has a virtual environment of its own, because it needs another version of pydantic."""


def judge_home() -> Path:
    """Return the folder where the Makefile installs Node and the IAM engine of the judge (stack/judge)."""
    return ROOT / ".venv" / "judge"


def tool(name: str) -> str:
    return str(Path(sys.executable).parent / name)
