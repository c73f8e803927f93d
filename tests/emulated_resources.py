"""Tables, queues and settings of one test on the emulator."""

import uuid
from functools import cache
from typing import Any

import boto3

from chalicelib.core import keys
from chalicelib.core.settings import Reputation, queue_variable, reputation_variable, table_variable
from stack.template.functions import CONFIGURATION_SETS
from stack.template.merge import merge_template
from stack.template.queues import queue_id
from stack.template.tables import table_id
from tests.conftest import ENVIRONMENT

SENDER = "petitions@example.org"
BUCKET = "bucket"

_template = cache(merge_template)


def create_tables() -> tuple[dict[str, str], str]:
    """Return the names of the new tables and of a bucket to create, and the ARN of the signatures' stream."""
    client = boto3.client("dynamodb")
    names, streams = {}, {}
    for logical in keys.TABLES:
        properties = _template()["Resources"][table_id(logical)]["Properties"]
        kept = ("AttributeDefinitions", "KeySchema", "BillingMode", "LocalSecondaryIndexes")
        shape: Any = {name: properties[name] for name in kept if name in properties}
        if "StreamSpecification" in properties:
            shape["StreamSpecification"] = {"StreamEnabled": True, **properties["StreamSpecification"]}
        created = client.create_table(TableName=f"{logical}-{uuid.uuid4().hex}", **shape)["TableDescription"]
        names[logical], streams[logical] = created["TableName"], created.get("LatestStreamArn", "")
    return {**names, BUCKET: f"exports-{uuid.uuid4().hex}"}, streams[keys.SIGNATURES]


def physical_names(names: dict[str, str], queues: dict[str, str]) -> dict[str, str]:
    """Return the names in this test of the template's resources, by logical id."""
    tables = {table_id(name): names[name] for name in keys.TABLES}
    queue_names = {queue_id(name): url.rpartition("/")[2] for name, url in queues.items()}
    configuration_sets = {name: str(each) for each, name in CONFIGURATION_SETS.items()}
    return {**tables, **queue_names, "ExportsBucket": names[BUCKET], **configuration_sets}


def environment_variables(names: dict[str, str], queues: dict[str, str]) -> dict[str, str]:
    return {
        **ENVIRONMENT,
        **{table_variable(name): names[name] for name in keys.TABLES},
        **{queue_variable(name): url for name, url in queues.items()},
        "EXPORTS_BUCKET": names[BUCKET],
        "MAIL_FROM": SENDER,
        **{reputation_variable(each): str(each) for each in Reputation},
    }
