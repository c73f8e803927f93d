"""Describe the measuring machine and its software."""

import os
import platform
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


def describe() -> dict[str, Any]:
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load_average": round(os.getloadavg()[0], 2),
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _processor() -> str:
    """Return the kernel's name for the processor; `platform` often has only the architecture."""
    source = Path("/proc/cpuinfo")
    name = re.search("^model name\\s*: (.+)", source.read_text(), re.MULTILINE) if source.exists() else None
    return name[1] if name else platform.machine()
