"""Write the table in docs/deploy.md that lists the powers of each function: its secrets, and what its policy allows.

Run it with `python -m stack.judge.powers`.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from stack.console import run_main
from stack.judge.policies import declared_policies
from stack.paths import ROOT
from stack.template.functions import logical_id
from stack.template.merge import merge_template

PAGE = ROOT / "docs" / "deploy.md"
BEGIN, END = "<!-- powers: begin -->", "<!-- powers: end -->"
_COLUMN_BY_TABLE = {"SignaturesTable": "signatures", "CountsTable": "counts"}
_COLUMNS = ("signatures", "counts", "other")
_HEAD = "| function | signatures table | counts table | else |\n|---|---|---|---|\n"
_SECRET = re.compile(r"resolve:secretsmanager:\$\{(\w+)\}")


def table() -> str:
    """Return the table, with a row for each function."""
    template = merge_template()
    policies = declared_policies()
    rows = [_row(logical_id(name), policy, template) for name, policy in policies.items()]
    return _HEAD + "\n".join(rows)


def with_table(page: str) -> str:
    """Return the page with the new table between BEGIN and END."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def _row(function: str, policy: Mapping[str, Any], template: Mapping[str, Any]) -> str:
    cells: dict[str, list[str]] = defaultdict(list)
    for statement in policy["Statement"]:
        for column, power in _powers(statement):
            cells[column].append(power)
    # This template is merged into Chalice's. It has only those functions to which it adds something, such as a secret.
    resource = template["Resources"].get(function, {})
    cells["other"] += [f"secret `{name}`" for name in _secrets(resource)]
    texts = ["; ".join(cells[column] or ["–"]) for column in _COLUMNS]
    return f"| `{function}` | " + " | ".join(texts) + " |"


def _powers(statement: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the column for this statement ("signatures", "counts" or "other"), and what the statement allows.

    The page leaves out the permission to write a function's own log, because every function has this permission.
    """
    if statement["Sid"] == "WriteOwnLog":
        return
    actions = as_list(statement["Action"])
    resources = _short_texts(statement["Resource"])
    # A statement about the signatures table or the counts table has no other resource.
    column = _COLUMN_BY_TABLE.get(resources[0], "other")
    if column == "other":
        power = f"{_code(actions)} on {_code(resources)}"
    else:  # The column already says which table.
        power = _code([_without_service(action) for action in actions])
    conditions = _conditions(statement.get("Condition", {}))
    yield column, power + "".join(conditions)


def _conditions(conditions: Mapping[str, Any]) -> Iterator[str]:
    """Yield a text for each condition key: its name and its allowed values. "under" replaces the name LeadingKeys."""
    for keys in conditions.values():
        for key, values in keys.items():
            allowed = _code(_short_texts(values))
            name = _without_service(key)
            yield f" under {allowed}" if name == "LeadingKeys" else f", {name} {allowed}"


def as_list(value: Any) -> list[Any]:
    """Return the value as a list. In place of a list, a policy may have a single value."""
    return value if isinstance(value, list) else [value]


def _without_service(name: str) -> str:
    """Return the name of an action or a condition key without its service: GetItem for dynamodb:GetItem."""
    _, _, short_name = name.partition(":")
    return short_name


def _short_texts(nodes: Any) -> list[str]:
    """Return resources, or a condition's values, as short texts. `nodes`: a list, or a single node."""
    return [_short_text(node) for node in as_list(nodes)]


def _short_text(node: Any) -> str:
    """Return a resource or a condition's value as short text. A policy has it as text or as an intrinsic function."""
    if not isinstance(node, dict):
        return str(node)
    [(function, argument)] = node.items()
    if function == "Fn::GetAtt":
        resource, attribute = argument
        return str(resource) if attribute == "Arn" else f"{resource}.{attribute}"
    # The argument of Ref and Fn::Sub is a text.
    short = str(argument).replace("${AWS::Region}:${AWS::AccountId}:", "").replace("arn:${AWS::Partition}:", "")
    return re.sub(r"\$\{(\w+)(?:\.Arn)?\}", r"\1", short)  # MailQueue for ${MailQueue.Arn} and ${MailQueue}


def _code(values: list[str]) -> str:
    return ", ".join(f"`{value}`" for value in values)


def _secrets(resource: Mapping[str, Any]) -> list[str]:
    """Return the secrets that the function gets in its environment."""
    variables = resource.get("Properties", {}).get("Environment", {}).get("Variables", {})
    found: list[str] = []
    for value in variables.values():
        found += _SECRET.findall(str(value))
    # List a secret once. ORIGIN_KEYS refers to OriginKeys twice, because it has two versions of this secret.
    return list(dict.fromkeys(found))


def _main() -> None:
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    run_main(_main)
