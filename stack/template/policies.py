"""The policies of the functions' roles, made from `rights.py`. Chalice reads them from files, which are not kept."""

import json
from collections.abc import Iterator
from pathlib import Path

from stack.template.cfn import Template
from stack.template.config import chalice_settings, function_settings, policy_file
from stack.template.power import writes_log
from stack.template.rights import RIGHTS


def declared_policies() -> dict[str, Template]:
    return {
        function: {"Version": "2012-10-17", "Statement": [*RIGHTS[function], writes_log(function)]}
        for function in function_settings()
    }


def chalice_files(project: Path) -> Iterator[tuple[str, str]]:
    """Yield the files that Chalice reads in the folder .chalice: its settings, and policies."""
    yield "config.json", json.dumps(chalice_settings(project))
    for function, policy in declared_policies().items():
        yield policy_file(function), json.dumps(policy)
