"""Each function gets the settings that its code reads, and no secret that it does not need."""

import json
import re
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib.core import settings as settings_of
from chalicelib.core.settings import settings
from chalicelib.edge import batch
from chalicelib.edge.route import Function
from stack.template import functions
from stack.template.functions import logical_id
from stack.us_east_1 import us_east_1
from tests.actors import a_petition
from tests.template.packaged import CONFIG, RESOURCES, TEMPLATE, environment_of, every_function

# The functions that get each secret. tests/judge/test_resolve.py compares them with the functions that read it.
SECRETS = {variable: {logical_id(name) for name in names} for variable, names in functions.SECRETS.items()}
# CheckMail changes the senders' event sources, so it gets their ids.
SOURCES = {"MAIL_SOURCE": {"CheckMail"}, "OTHER_MAIL_SOURCE": {"CheckMail"}}
# The sign-in provider and our client secret.
OIDC = {f"OIDC_{name}": {"SignIn"} for name in settings_of.OIDC}


def required_settings(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    names: set[str] = set()

    def get(name: str) -> str:
        names.add(name)
        return "{}" if name in SECRETS else "1"

    monkeypatch.setattr("chalicelib.core.settings.os", SimpleNamespace(environ=SimpleNamespace(get=get)))
    settings.cache_clear()
    settings()
    return names


@every_function
def test_every_function_gets_the_common_settings_and_only_the_restricted_ones_that_it_needs(
    function: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = environment_of(function)
    restricted = SECRETS | SOURCES | OIDC
    granted = {name for name, readers in restricted.items() if function in readers}
    if function in list(Function):
        granted.add("SERVED_FUNCTION")
    # PYDANTIC_DISABLE_PLUGINS: the search for plugins takes 15 ms of a cold start, and there are none.
    required = required_settings(monkeypatch) | {"LOG_LEVEL", "PYDANTIC_DISABLE_PLUGINS"}
    assert variables.keys() == (required - restricted.keys()) | granted


def test_secrets_are_generated_and_resolved_in_the_stack() -> None:
    for variable, readers in SECRETS.items():
        for function in readers:
            secret = environment_of(function)[variable]["Fn::Sub"]
            version = r"(?::\$\{OriginKey(?:Too)?\})?"
            [name] = set(re.findall(rf"\{{\{{resolve:secretsmanager:\$\{{(\w+)\}}:SecretString{version}\}}\}}", secret))
            assert RESOURCES[name]["Properties"]["GenerateSecretString"]["PasswordLength"] >= 32
            assert RESOURCES[name]["DeletionPolicy"] == "RetainExceptOnCreate"


def test_a_new_petition_uses_a_secret_that_the_stack_has() -> None:
    version = RESOURCES["SignatureKeys"]["Properties"]["GenerateSecretString"]["GenerateStringKey"]
    assert a_petition().key_version == version


def test_no_placeholder_of_the_code_is_left_in_the_template() -> None:
    text = json.dumps(TEMPLATE, default=str)
    arns = [value for name, value in vars(batch).items() if name.endswith("_ARN")]
    assert len(arns) == 2
    assert not [arn for arn in arns if arn in text]
    assert "000000000000" not in text


@pytest.mark.parametrize("template", [TEMPLATE, us_east_1()])
def test_no_stages_name_is_the_beginning_of_another_stages_names(template: Any) -> None:
    """Alarms and rights of a stage are found by the beginning petitions-<stage>- of their names."""
    pattern = template["Parameters"]["Stage"]["AllowedPattern"]
    assert [stage for stage in ("prod", "prod2", "prod-eu", "Prod") if re.fullmatch(pattern, stage)] == [
        "prod",
        "prod2",
    ]


def test_the_stage_has_one_name_everywhere() -> None:
    assert RESOURCES["RestAPI"]["Properties"]["StageName"] == CONFIG["api_gateway_stage"]
    url = TEMPLATE["Outputs"]["SiteUrlInUse"]["Value"]["Fn::If"][2]["Fn::Sub"]
    assert url.endswith(f"/{CONFIG['api_gateway_stage']}")


@every_function
def test_the_environment_is_within_lambdas_4_kb(function: str) -> None:
    """AWS measures it as JSON, so a quotation mark in a value counts twice (docs/aws-facts.md)."""
    values = {name: long_value(value) for name, value in environment_of(function).items()}
    if "OIDC_RIGHTS" in values:
        values["OIDC_RIGHTS"] = ('"team":["counts"],' * 500)[: TEMPLATE["Parameters"]["OidcRights"]["MaxLength"]]
    assert len(json.dumps(values, separators=(",", ":"))) <= 4096


def long_value(value: Any) -> str:
    """Return a value as long as in the stage with the longest name, in a region with a long name."""
    if isinstance(value, str):
        return value
    if "Fn::Sub" in value:  # A secret has two keys, as JSON.
        return json.dumps({"first": "k" * 43, "second": "k" * 43})
    name = value.get("Ref")
    parameter = TEMPLATE["Parameters"].get(name)
    if parameter is not None:
        is_short = parameter["Type"] == "Number" or "AllowedValues" in parameter or name == "Stage"
        return "p" * (16 if is_short else 45)
    generated_name = f"petitions-{'s' * 16}-{name}-{'x' * 12}"
    is_queue = RESOURCES.get(name, {}).get("Type") == "AWS::SQS::Queue"
    if is_queue:
        return f"https://sqs.ap-southeast-1.amazonaws.com/123456789012/{generated_name}"
    return generated_name
