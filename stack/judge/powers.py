"""Write the table in docs/deploy.md that lists the powers of each function (stack/template/rights.py) and its secrets.

Run it with `python -m stack.judge.powers`.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from stack.console import run_main
from stack.paths import ROOT
from stack.template.functions import logical_id
from stack.template.merge import merge_template
from stack.template.power import Limit, Power
from stack.template.rights import RIGHTS

PAGE = ROOT / "docs" / "deploy.md"
BEGIN, END = "<!-- powers: begin -->", "<!-- powers: end -->"
_COLUMN_BY_TABLE = {"SignaturesTable": "signatures", "CountsTable": "counts"}
_COLUMNS = ("signatures", "counts", "other")
_HEAD = "| function | signatures table | counts table | else |\n|---|---|---|---|\n"
_SECRET = re.compile(r"resolve:secretsmanager:\$\{(\w+)\}")


def table() -> str:
    resources = merge_template()["Resources"]
    return _HEAD + "\n".join(_row(logical_id(name), powers, resources) for name, powers in RIGHTS.items())


def with_table(page: str) -> str:
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def _row(function: str, powers: Iterable[Power], resources: Mapping[str, Any]) -> str:
    cells: dict[str, list[str]] = defaultdict(list)
    for power in powers:
        # A power over the signatures table or the counts table has no other resource.
        cells[_COLUMN_BY_TABLE.get(power.things[0].name, "other")].append(_words(power))
    # The template has only those functions to which it adds something, such as a secret.
    cells["other"] += [f"secret `{name}`" for name in _secrets(resources.get(function, {}))]
    texts = ["; ".join(cells[column] or ["–"]) for column in _COLUMNS]
    return f"| `{function}` | " + " | ".join(texts) + " |"


def _words(power: Power) -> str:
    limits = "".join(map(_limit, power.limits))
    names = [thing.name for thing in power.things]
    if names[0] in _COLUMN_BY_TABLE:  # The column already says which table.
        return _code(map(_without_service, power.actions)) + limits
    return f"{_code(power.actions)} on {_code(names)}{limits}"


def _limit(limit: Limit) -> str:
    """ "under" replaces the name LeadingKeys."""
    name = _without_service(limit.key)
    # A value is a text, or a reference to a parameter.
    allowed = _code(value["Ref"] if isinstance(value, dict) else value for value in limit.allowed)
    return f" under {allowed}" if name == "LeadingKeys" else f", {name} {allowed}"


def _without_service(name: str) -> str:
    return name.partition(":")[2]


def _code(values: Iterable[str]) -> str:
    return ", ".join(f"`{value}`" for value in values)


def _secrets(resource: Mapping[str, Any]) -> list[str]:
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
