"""The policy of each function, from the project's own declarations, with its intrinsic functions resolved."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from stack.paths import ROOT
from stack.referee.model import Where
from stack.referee.resolve import Resolver

HERE = Where("eu-west-2", "123456789012")
"""Where the calls of in-process tests are made."""

PARAMETERS = MappingProxyType({"Stage": "prod", "MailFrom": "petitions@example.org"})


def template(project: Path = ROOT) -> dict[str, Any]:
    """The merge template, as Chalice packages it."""
    document: dict[str, Any] = json.loads((project / ".chalice" / "resources.json").read_text(encoding="utf-8"))
    return document


def declared(project: Path = ROOT) -> dict[str, dict[str, Any]]:
    """Policy document by function, by the function's name in app.py, with intrinsic functions as they stand."""
    folder = project / ".chalice"
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return {
        function: json.loads((folder / settings["iam_policy_file"]).read_text(encoding="utf-8"))
        for function, settings in config["lambda_functions"].items()
    }


def resolver(project: Path = ROOT, parameters: Mapping[str, str] = PARAMETERS, where: Where = HERE) -> Resolver:
    """For the project's template, as a stage that is not emulated."""
    return Resolver(template(project), parameters, where)


def resolved(project: Path = ROOT, parameters: Mapping[str, str] = PARAMETERS, where: Where = HERE) -> dict[str, Any]:
    """Policy document by function, ready for the engine."""
    found = resolver(project, parameters, where)
    return {function: found.value(policy) for function, policy in declared(project).items()}


def logical_id(function: str) -> str:
    """A function's logical id in the template. Chalice names the API's own function so."""
    return "APIHandler" if function == "api_handler" else "".join(part.title() for part in function.split("_"))


def principal(function: str, where: Where = HERE) -> str:
    """The session of a function's role, as it makes calls."""
    role = f"petitions-{logical_id(function)}Role"
    return f"arn:{where.partition}:sts::{where.account}:assumed-role/{role}/petitions-{logical_id(function)}"
