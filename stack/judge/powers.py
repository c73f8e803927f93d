"""Write the table in docs/deploy.md that lists the powers of each function (stack/template/rights.py) and its secrets.

Run it with `python -m stack.judge.powers`.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from stack.paths import ROOT
from stack.template.cfn import Template
from stack.template.functions import logical_id
from stack.template.merge import merge_template
from stack.template.rights import RIGHTS

PAGE = ROOT / "docs" / "deploy.md"
BEGIN, END = "<!-- powers: begin -->", "<!-- powers: end -->"
_COLUMNS = {"SignaturesTable": "signatures table", "CountsTable": "counts table", "": "else"}
_SECRET = re.compile(r"resolve:secretsmanager:\$\{(\w+)\}")
# ExportsBucket/files/* for ${ExportsBucket.Arn}/files/*
_REFERENCE = re.compile(r"arn:\$\{AWS::Partition\}:|:\$\{AWS::Region\}:\$\{AWS::AccountId\}|\$\{|(\.Arn)?\}")


def table() -> str:
    heads = f"| function | {' | '.join(_COLUMNS.values())} |\n|{'---|' * (len(_COLUMNS) + 1)}\n"
    return heads + "\n".join(_row(logical_id(name), statements) for name, statements in RIGHTS.items())


def with_table(page: str) -> str:
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def _row(function: str, statements: Iterable[Template]) -> str:
    cells: dict[str, list[str]] = defaultdict(list)
    for statement in statements:
        # A statement about the signatures table or the counts table has no other resource.
        names = [_name(arn) for arn in statement["Resource"]]
        table = names[0] if names[0] in _COLUMNS else ""
        conditions = [pair for keys in statement.get("Condition", {}).values() for pair in keys.items()]
        actions = [action.partition(":")[2] for action in statement["Action"]] if table else statement["Action"]
        about = "" if table else f" on {_code(names)}"
        cells[table].append(_code(actions) + about + "".join(_limit(*pair) for pair in conditions))
    cells[""] += [f"secret `{name}`" for name in _secrets(function)]
    return f"| `{function}` | " + " | ".join("; ".join(cells[column] or ["–"]) for column in _COLUMNS) + " |"


def _name(arn: Any) -> str:
    if arn == "*":
        return "*"
    return str(arn["Fn::GetAtt"][0] if "Fn::GetAtt" in arn else _REFERENCE.sub("", arn["Fn::Sub"]))


def _limit(key: str, values: list[Any]) -> str:
    """ "under" replaces the name LeadingKeys."""
    name = key.partition(":")[2]
    # A value is a text, or a reference to a parameter.
    allowed = _code(value["Ref"] if isinstance(value, dict) else value for value in values)
    return f" under {allowed}" if name == "LeadingKeys" else f", {name} {allowed}"


def _code(values: Iterable[str]) -> str:
    return ", ".join(f"`{value}`" for value in values)


def _secrets(function: str) -> list[str]:
    # The template has only those functions to which it adds something, such as a secret.
    resource = merge_template()["Resources"].get(function, {})
    # List a secret once. ORIGIN_KEYS refers to OriginKeys twice, because it has two versions of this secret.
    return list(dict.fromkeys(_SECRET.findall(str(resource))))


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
