"""The Lambda functions: the properties that are neither in .chalice/config.json nor in app.py.

A new function needs a line here only for a secret, or another property of its own.
"""

import json
from collections.abc import Iterator
from typing import Any

from chalicelib.core.metrics import NAMESPACE
from chalicelib.core.settings import OIDC, Reputation, reputation_variable
from chalicelib.edge.route import Function
from stack.template.alarms import FUNCTION_FAILED
from stack.template.cfn import Template, merge_parts, output, ref, resource, sub
from stack.template.config import function_settings

API_HANDLER = "api_handler"
# The functions that serve routes, by their names in config.json.
ROUTE_FUNCTIONS = tuple(API_HANDLER if each is Function.API else each.name.lower() for each in Function)
CONFIGURATION_SETS = {
    Reputation.SIGNATURES: "MailConfigurationSet",
    Reputation.UPDATES: "UpdatesConfigurationSet",
    Reputation.LETTERS: "LettersConfigurationSet",
}
# The environment of every function. The modules `tables` and `queues` add a variable for each table, and for each
# queue to which our code sends.
_SETTINGS = {
    "STAGE": ref("Stage"),
    "SITE_URL": ref("SiteUrl"),
    "LOG_LEVEL": ref("LogLevel"),
    "MAIL_FROM": ref("MailFrom"),
    "MAIL_PER_SECOND": ref("MailPerSecond"),
    "MAIL_SENDERS": ref("MailSenders"),
    **{reputation_variable(each): ref(name) for each, name in CONFIGURATION_SETS.items()},
    "EXPORTS_BUCKET": ref("ExportsBucket"),
    # pydantic's search for plugins takes 15 ms of a cold start, and we have no plugins.
    "PYDANTIC_DISABLE_PLUGINS": "__all__",
}
# Lambda's lines about an invocation that fails: it runs out of time or of memory, the code cannot be imported, or an
# error leaves it. The authorizer refuses a token with an error, and logs other errors itself.
_FAILURES = ("Task timed out", "Runtime exited", "Runtime.ImportModuleError", "Traceback (most recent call last)")
_AUTHORIZER = "authorizer"
# The functions that get each secret in their environment (docs/decisions/006).
SECRETS = {
    "SIGNATURE_KEYS": (API_HANDLER, "people", "partners", "run_address_job"),
    "TOKEN_KEYS": (API_HANDLER, "counts", "links", "manage", "people", "sign_in", "send_mail", "send_other_mail"),
    "LIMIT_KEYS": (API_HANDLER, "people", "run_address_job", "send_mail", "send_other_mail"),
    "ORIGIN_KEYS": ROUTE_FUNCTIONS,
}


def logical_id(name: str) -> str:
    """Return the logical id of a function, secret, table or queue: SendMail for send_mail.

    Tables and queues also have a suffix (table_id, queue_id). Chalice gives the API's own function the id APIHandler.
    """
    if name == API_HANDLER:
        return "APIHandler"
    words = name.split("_")
    return "".join(word.title() for word in words)


def function_properties(function: str, **own: Any) -> Template:
    return {"Resources": {logical_id(function): {"Properties": own}}}


def environment(function: str, variables: Template) -> Template:
    return function_properties(function, Environment={"Variables": variables})


def functions() -> Template:
    settings = {"Globals": {"Function": {"Environment": {"Variables": _SETTINGS}}}}
    each_function = [_output_and_failures(function) for function in function_settings()]
    return merge_parts([settings, *each_function, *_secrets(), *_own_variables()])


def _own_variables() -> list[Template]:
    # app.py reads SERVED_FUNCTION, and imports only the modules of the function's routes.
    served = [environment(name, {"SERVED_FUNCTION": logical_id(name)}) for name in ROUTE_FUNCTIONS]
    provider_settings = {}  # The OpenID Connect provider with which staff sign in.
    for name in OIDC:
        parameter = f"Oidc{logical_id(name.lower())}"  # OidcClientId for CLIENT_ID
        provider_settings[f"OIDC_{name}"] = ref(parameter)
    # To pause sending, CheckMail switches these event sources off.
    mail_sources = {
        "MAIL_SOURCE": _event_source_id("send_mail"),
        "OTHER_MAIL_SOURCE": _event_source_id("send_other_mail"),
    }
    return [*served, environment("sign_in", provider_settings), environment("check_mail", mail_sources)]


def _output_and_failures(function: str) -> Template:
    """All functions have the same metric of failures, so it costs as one, and one alarm watches it."""
    name = logical_id(function)
    outputs = {}
    if function != API_HANDLER:  # Chalice itself writes the output of the API's own function.
        outputs[f"{name}Name"] = output(ref(name), "Function")
    log_group = "ApiHandlerLogGroup" if function == API_HANDLER else f"{name}LogGroup"
    lines = _FAILURES[:-1] if function == _AUTHORIZER else _FAILURES
    properties = {
        "LogGroupName": ref(log_group),
        "FilterPattern": " ".join(f'?"{line}"' for line in lines),
        "MetricTransformations": [
            {"MetricNamespace": NAMESPACE, "MetricName": sub(FUNCTION_FAILED), "MetricValue": "1"}
        ],
    }
    failures = resource("Logs::MetricFilter", properties, Condition="OnAws")
    return {"Outputs": outputs, "Resources": {f"{name}Failures": failures}}


def _secrets() -> Iterator[Template]:
    for variable, readers in SECRETS.items():
        # For example {{resolve:secretsmanager:${TokenKeys}:SecretString}}
        value = f"{{{{resolve:secretsmanager:${{{logical_id(variable.lower())}}}:SecretString}}}}"
        if variable == "ORIGIN_KEYS":
            # The API accepts two versions of this secret, so that the key can be rotated. CloudFront sends the first.
            value = json.dumps({parameter: origin_key(parameter) for parameter in ("OriginKey", "OriginKeyToo")})
        yield from (environment(function, {variable: sub(value)}) for function in readers)


def origin_key(parameter: str) -> str:
    """Return a reference to the version of the secret OriginKeys that this parameter names, for Fn::Sub.

    CloudFormation does not notice a new value of a secret, but it notices a reference to another version.
    """
    # For example {{resolve:secretsmanager:${OriginKeys}:SecretString:${OriginKey}}}
    return f"{{{{resolve:secretsmanager:${{OriginKeys}}:SecretString:${{{parameter}}}}}}}"


def _event_source_id(function: str) -> Template:
    """SAM names the event source after the function and the event."""
    return ref(f"{logical_id(function)}{event_source(function, 'Sqs')}")


def event_source(function: str, kind: str) -> str:
    """Return Chalice's name of a function's event source. `kind`: Sqs or Dynamodb."""
    return f"{logical_id(function)}{kind}EventSource"
