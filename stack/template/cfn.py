"""CloudFormation's functions, and how the parts of a template are put together."""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

Template = dict[str, Any]
"""A template, or a part of one: sections by name, Resources for example, each with entries by logical id."""

NO_VALUE = {"Ref": "AWS::NoValue"}


def ref(name: str) -> Template:
    return {"Ref": name}


def get_att(name: str, attribute: str = "Arn") -> Template:
    return {"Fn::GetAtt": [name, attribute]}


def sub(text: str) -> Template:
    return {"Fn::Sub": text}


def if_condition(condition: str, value: Any, otherwise: Any = NO_VALUE) -> Template:
    return {"Fn::If": [condition, value, otherwise]}


def output(value: Any, description: str) -> Template:
    return {"Value": value, "Description": description}


def resource(kind: str, properties: Mapping[str, Any] | None = None, **more: Any) -> Template:
    """Return a resource: `resource("SNS::Topic")`. `more` are its other attributes, Condition for example."""
    section = {"Properties": dict(properties)} if properties else {}
    return {"Type": f"AWS::{kind}", **more, **section}


def retention(is_kept: bool = True) -> Template:
    """Return the attributes by which a resource outlives its stack, but not a failed creation of the stack."""
    return {
        "DeletionPolicy": "RetainExceptOnCreate" if is_kept else "Delete",
        "UpdateReplacePolicy": "Retain" if is_kept else "Delete",
    }


def policy_document(
    sid: str, principal: Any, action: str, arns: Any, condition: Template, effect: str = "Allow"
) -> Template:
    """Return the policy document of a resource, with one statement."""
    statement = {"Sid": sid, "Effect": effect, "Principal": principal, "Action": action, "Resource": arns}
    return {"Version": "2012-10-17", "Statement": [{**statement, "Condition": condition}]}


def merge_parts(parts: Iterable[Template]) -> Template:
    """Return one template of all parts. Raise ValueError if two parts state the same value."""
    whole: Template = {}
    for part in parts:
        _merge_into(whole, part, "template")
    return whole


def _merge_into(whole: Template, part: Template, place: str) -> None:
    """Merge the part into the whole. `place`: where in the template, for the error."""
    for name, value in part.items():
        if name not in whole:
            whole[name] = deepcopy(value)
        elif isinstance(value, dict) and isinstance(whole[name], dict):
            _merge_into(whole[name], value, f"{place}.{name}")
        else:
            raise ValueError(f"{place}.{name} is stated twice")
