"""The policy of each function, from the project's own declarations, with its intrinsic functions resolved."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from stack.paths import ROOT
from stack.referee.model import Where
from stack.referee.resolve import Resolver
from stack.template.functions import function_settings
from stack.template.merge import merge_template

HERE = Where("eu-west-2", "123456789012")
"""Where the calls of in-process tests are made."""

PARAMETERS = MappingProxyType({"Stage": "prod", "MailFrom": "petitions@example.org"})


def declared_policies() -> dict[str, dict[str, Any]]:
    """Return the policies by the functions' names in app.py. Their intrinsic functions are not resolved."""
    return {
        function: json.loads((ROOT / ".chalice" / settings["iam_policy_file"]).read_text(encoding="utf-8"))
        for function, settings in function_settings().items()
    }


def resolver(parameters: Mapping[str, str] = PARAMETERS, where: Where = HERE) -> Resolver:
    """Return the resolver for the project's template, for a stage on AWS."""
    return Resolver(merge_template(), parameters, where)


def resolved_policies() -> dict[str, Any]:
    """Return the policies by function, ready for the engine."""
    template_resolver = resolver()
    return {function: template_resolver.value(policy) for function, policy in declared_policies().items()}
