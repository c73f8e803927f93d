"""The notation of CloudFormation: its functions, resources, outputs and policies."""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from chalice.package import YAMLTemplateSerializer

Template = dict[str, Any]
"""A template or any part of one, as a dictionary."""

NO_VALUE = {"Ref": "AWS::NoValue"}
"""CloudFormation leaves out a property with this value."""


def written(name: str) -> Template:
    """Return what is written in CloudFormation's own notation, in a file of this folder."""
    text = Path(__file__).with_name(f"{name}.yaml").read_text(encoding="utf-8")
    template: Template = YAMLTemplateSerializer().load_template(text)
    return template


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
    """`kind`: its type without AWS, such as SNS::Topic. `more`: attributes such as Condition."""
    own_properties = {"Properties": dict(properties)} if properties else {}
    return {"Type": f"AWS::{kind}", **more, **own_properties}


def retention(is_kept: bool = True) -> Template:
    """Return the attributes that keep a resource when its stack is deleted, or when an update replaces it.

    If the creation of its stack fails, the resource is deleted nevertheless.
    """
    return {
        "DeletionPolicy": "RetainExceptOnCreate" if is_kept else "Delete",
        "UpdateReplacePolicy": "Retain" if is_kept else "Delete",
    }


def merge_parts(parts: Iterable[Template]) -> Template:
    """Return one template with the content of all parts. Raise ValueError if two parts state the same value."""
    whole: Template = {}
    for part in parts:
        _merge_into(whole, part, "template")
    return whole


def _merge_into(whole: Template, part: Template, place: str) -> None:
    for name, value in part.items():
        if name not in whole:
            whole[name] = deepcopy(value)
        elif isinstance(value, dict) and isinstance(whole[name], dict):
            _merge_into(whole[name], value, f"{place}.{name}")
        else:
            raise ValueError(f"{place}.{name} is stated twice")
