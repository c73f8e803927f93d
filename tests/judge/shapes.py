"""The shape of a call. Two calls of one shape raise the same IAM questions, except for the names in their keys."""

from collections.abc import Mapping
from typing import Any

from boto3.dynamodb.conditions import ConditionBase, ConditionExpressionBuilder

from chalicelib.aws.expressions import Change, NewItem
from chalicelib.core.keys import Key


def shape(value: Any) -> Any:
    """Reduce a key to its table and kind of partition (`TALLY` of `TALLY#a#001`), and a change to its names."""
    if isinstance(value, Key):
        return value.table, kind_of_partition(value.pk), bool(value.sk)
    if isinstance(value, NewItem):
        return "new", shape(value.key), sorted(value.item)
    if isinstance(value, Change):
        return shape(value.key), sorted(value.assign), sorted(value.add), sorted(value.remove), shape(value.when)
    if isinstance(value, ConditionBase):
        built = ConditionExpressionBuilder().build_expression(value)
        return built.condition_expression, sorted(built.attribute_name_placeholders.values())
    if isinstance(value, str):
        first, *others = kind_of_partition(value).split("/")
        return f"{first}/{others[0]}" if first in ("parts", "files") and others else first  # The folder of a file.
    if isinstance(value, Mapping):
        return sorted((name, shape(inner)) for name, inner in value.items())
    if isinstance(value, list | tuple):
        return sorted({repr(shape(each)) for each in value})
    # Only an email has a reputation: it names its configuration set.
    return f"{type(value)} {getattr(value, 'reputation', '')}" if value else "nothing"


def kind_of_partition(pk: str) -> str:
    """Return `TALLY` of `TALLY#a#001`. A role may reach the jobs of one kind only: `JOB#export` of `JOB#export#a`."""
    kind, *others = pk.split("#")
    if kind == "JOB" and others:
        return f"JOB#{others[0]}"
    return kind
