"""What the template takes from Chalice's settings, `.chalice/config.json`."""

import json
from functools import cache
from typing import Any

from stack.paths import ROOT


@cache
def chalice_settings() -> dict[str, Any]:
    """Return Chalice's settings: those in config.json, and where each function's policy is (application.py)."""
    settings: dict[str, Any] = json.loads((ROOT / ".chalice" / "config.json").read_text(encoding="utf-8"))
    for function, own in settings["lambda_functions"].items():
        own["iam_policy_file"] = function
    return settings


def function_settings() -> dict[str, dict[str, Any]]:
    """Return the settings of each function, by its name in app.py."""
    functions: dict[str, dict[str, Any]] = chalice_settings()["lambda_functions"]
    return functions


def timeout(function: str) -> int:
    default = chalice_settings()["lambda_timeout"]
    return int(function_settings()[function].get("lambda_timeout", default))


def api_stage() -> str:
    """Return API Gateway's stage, the first part of every path at API Gateway's own address."""
    return str(chalice_settings()["api_gateway_stage"])
