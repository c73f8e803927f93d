"""What the template takes from Chalice's settings, `.chalice/config.json`."""

import json
from functools import cache
from typing import Any

from stack.paths import ROOT


def function_settings() -> dict[str, dict[str, Any]]:
    """Return the settings that config.json has for each function, by the function's name in app.py."""
    functions: dict[str, dict[str, Any]] = _config()["lambda_functions"]
    return functions


def timeout(function: str) -> int:
    """Return the function's timeout in seconds."""
    settings = function_settings()[function]
    default = _config()["lambda_timeout"]
    return int(settings.get("lambda_timeout", default))


def api_stage() -> str:
    """Return the name of API Gateway's stage, which is the first part of every path at API Gateway's own address."""
    return str(_config()["api_gateway_stage"])


@cache
def _config() -> dict[str, Any]:
    config: dict[str, Any] = json.loads((ROOT / ".chalice" / "config.json").read_text(encoding="utf-8"))
    return config
