"""Make the template's tables, queues, bucket and sender on the emulator, and find the settings of its functions.

What exists already stays as it is, so a restart keeps the data.
"""

import json
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

from stack.judge.model import Where
from stack.judge.resolve import Resolver
from stack.paths import REGION

SENDER = "petitions@example.org"
_ACCOUNT = "000000000000"  # The emulator's.
# The emulated SES has no limit: the highest rate and the lowest number of senders that the template accepts.
_MAIL = {"MailFrom": SENDER, "MailPerSecond": "1000", "MailSenders": "2"}
_SECRET = re.compile(r"\{\{resolve:secretsmanager:([^:}]+):SecretString:?([^:}]*)\}\}")
_TABLE = {"AttributeDefinitions", "KeySchema", "BillingMode", "LocalSecondaryIndexes", "GlobalSecondaryIndexes"}
_QUEUE = {"MessageRetentionPeriod", "VisibilityTimeout", "DelaySeconds", "RedrivePolicy"}
_RESPONSES = "x-amazon-apigateway-gateway-responses"
_KEY_BYTES = 32


class Resources(Resolver):
    """The resources of one emulator. `parameters`: values of the template's parameters, besides those of email."""

    def __init__(
        self, template: Mapping[str, Any], endpoint: str, secrets_file: Path, parameters: Mapping[str, str]
    ) -> None:
        super().__init__(template, {"Stage": "local", **_MAIL, **parameters}, Where(REGION, _ACCOUNT))
        self.template = template
        self.endpoint = endpoint
        # The session of the application's clients, so that the description of each service is read once.
        self.client: Callable[[Any], Any] = cache(boto3.client)
        self._secrets = _kept_secrets(secrets_file, [*self._of_type("SecretsManager::Secret")])
        self._streams: dict[str, str] = {}

    def make(self) -> None:
        self._make_tables()
        self._make_queues()
        [bucket] = [name for name in self._of_type("S3::Bucket") if self._exists(name)]
        self.client("s3").create_bucket(Bucket=self.name(bucket))
        mail = self.client("sesv2")
        _unless_it_exists(mail.create_email_identity, EmailIdentity=SENDER)
        for name in self._of_type("SES::ConfigurationSet"):
            _unless_it_exists(mail.create_configuration_set, ConfigurationSetName=self.name(name))

    def names(self) -> dict[str, str]:
        return {logical_id: self.name(logical_id) for logical_id in self.template["Resources"]}

    def environment(self) -> dict[str, str]:
        """Return the variables of all functions together, except the one that has another value in each."""
        variables = dict(self.template["Globals"]["Function"]["Environment"]["Variables"])
        for function in self.functions().values():
            variables |= function.get("Environment", {}).get("Variables", {})
        del variables["SERVED_FUNCTION"]
        return {name: self._with_secrets(str(self.value(value))) for name, value in variables.items()}

    def functions(self) -> dict[str, Any]:
        """Return the properties of each function, not resolved."""
        return {name: self._properties(name) for name in self._of_type("Serverless::Function")}

    def api(self) -> dict[str, Any]:
        """Return the properties of the API, of which only the gateway's own responses are resolved."""
        api = self._properties("RestAPI")
        definition = api["DefinitionBody"]
        return {**api, "DefinitionBody": {**definition, _RESPONSES: self.value(definition[_RESPONSES])}}

    def queue_url(self, logical_id: str) -> str:
        return f"{self.endpoint}/{_ACCOUNT}/{self.name(logical_id)}"

    def queue_urls(self) -> dict[str, str]:
        """Return the URL of each queue, by the name of its output."""
        return {f"{name}Url": self.queue_url(name) for name in self._of_type("SQS::Queue")}

    def _ref(self, name: str) -> str:
        is_queue = self._types.get(name) == "AWS::SQS::Queue"
        return self.queue_url(name) if is_queue else super()._ref(name)

    def _get_att(self, logical_id: str, attribute: str) -> str:
        if attribute == "StreamArn":
            return self._streams[logical_id]
        return super()._get_att(logical_id, attribute)

    def _of_type(self, kind: str) -> Iterator[str]:
        return (name for name, each in self.template["Resources"].items() if each["Type"] == f"AWS::{kind}")

    def _exists(self, logical_id: str) -> bool:
        condition = self.template["Resources"][logical_id].get("Condition")
        return condition is None or self.holds(condition)

    def _properties(self, logical_id: str) -> Any:
        return self.template["Resources"][logical_id].get("Properties", {})

    def _make_tables(self) -> None:
        client = self.client("dynamodb")
        for logical_id in self._of_type("DynamoDB::Table"):
            declared = self.value(self._properties(logical_id))
            shape = {name: value for name, value in declared.items() if name in _TABLE}
            if "StreamSpecification" in declared:
                shape["StreamSpecification"] = {"StreamEnabled": True, **declared["StreamSpecification"]}
            name = self.name(logical_id)
            _unless_it_exists(client.create_table, TableName=name, **shape)
            self._streams[logical_id] = client.describe_table(TableName=name)["Table"].get("LatestStreamArn", "")
            if "TimeToLiveSpecification" in declared:
                current = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
                if current.get("TimeToLiveStatus") != "ENABLED":
                    client.update_time_to_live(
                        TableName=name, TimeToLiveSpecification=declared["TimeToLiveSpecification"]
                    )

    def _make_queues(self) -> None:
        client = self.client("sqs")
        # A queue comes after its dead-letter queue.
        for logical_id in sorted(
            self._of_type("SQS::Queue"), key=lambda name: "RedrivePolicy" in self._properties(name)
        ):
            declared = self.value(self._properties(logical_id))
            attributes = {name: _text(value) for name, value in declared.items() if name in _QUEUE}
            try:
                client.create_queue(QueueName=self.name(logical_id), Attributes=attributes)
            except client.exceptions.QueueNameExists:  # With other attributes: those of an earlier template.
                client.set_queue_attributes(QueueUrl=self.queue_url(logical_id), Attributes=attributes)

    def _with_secrets(self, text: str) -> str:
        return _SECRET.sub(self._secret, text)

    def _secret(self, reference: re.Match[str]) -> str:
        name, key = reference.groups()
        [versions] = [versions for logical_id, versions in self._secrets.items() if self.name(logical_id) == name]
        return versions[key] if key else json.dumps(versions)


def _unless_it_exists(create: Any, **parameters: Any) -> None:
    try:
        create(**parameters)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("ResourceInUseException", "AlreadyExistsException"):
            raise


def _text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, dict) else str(value)


def _kept_secrets(file: Path, names: list[str]) -> dict[str, dict[str, str]]:
    kept: dict[str, dict[str, str]] = json.loads(file.read_text()) if file.exists() else {}
    missing = {name: {"v1": secrets.token_hex(_KEY_BYTES)} for name in names if name not in kept}
    if missing:
        file.touch(mode=0o600)
        file.write_text(json.dumps({**kept, **missing}))
    return {**kept, **missing}
