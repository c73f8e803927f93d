"""The policy of each function, with its intrinsic functions (`Ref`, `Fn::Sub` etc.) resolved."""

from collections.abc import Mapping
from types import MappingProxyType

from stack.judge.model import Where
from stack.judge.resolve import Resolver
from stack.paths import REGION
from stack.template.functions import logical_id
from stack.template.merge import merge_template

HERE = Where("eu-west-2", "123456789012")
"""An invented account and region, for resolved policies and for calls in tests without an emulator."""

EMULATED = Where(REGION, "000000000000")
"""The account and region of the emulator."""

PARAMETERS = MappingProxyType({"Stage": "prod", "MailFrom": "petitions@example.org"})


def resolver(
    parameters: Mapping[str, str] = PARAMETERS, where: Where = HERE, names: Mapping[str, str] = MappingProxyType({})
) -> Resolver:
    return Resolver(merge_template(), parameters, where, names)


def principal(function: str, where: Where = HERE) -> str:
    """Return the session of a function's role, as it makes calls."""
    name = f"petitions-{logical_id(function)}"
    return f"arn:aws:sts::{where.account}:assumed-role/{name}Role/{name}"
