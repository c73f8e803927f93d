"""The DynamoDB tables. To add a table, add its name to `chalicelib/core/keys.py` and a call of `table` here."""

from collections.abc import Mapping
from typing import Any

from chalicelib.core import keys
from chalicelib.core.settings import table_variable
from stack.template.cfn import Template, if_condition, merge_parts, output, ref, resource, retention
from stack.template.functions import logical_id

_EXPIRES: Template = {"TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": True}}
KEYS = {"pk": "HASH", "sk": "RANGE"}
# No item has this attribute, so the index is empty and costs nothing. It has one purpose: if a table has a local index,
# DynamoDB does not split the items of one partition key over several partitions. Otherwise, the changes of a bucket
# (the signatures of one partition key) could come from two shards of the stream at once, and the function that counts
# them would skip some (decision 005).
_INDEXED = "never_set"
# A query names only the partition key, each further page of it both keys (ExclusiveStartKey), and perhaps AWS wants the
# index's key too (docs/aws-facts.md).
KEY_ATTRIBUTES = (*KEYS, _INDEXED)


def tables() -> Template:
    return merge_parts(
        [
            table(
                keys.SIGNATURES,
                "Table of signatures: personal data",
                own_key={"KMSMasterKeyId": if_condition("HasCustomerKey", ref("CustomerKeyArn"))},
                local_index={"pk": "HASH", _INDEXED: "RANGE"},
                StreamSpecification={"StreamViewType": "NEW_AND_OLD_IMAGES"},
                **_EXPIRES,
            ),
            table(keys.COUNTS, "Table of petitions, tallies, snapshots and tokens"),
            table(keys.AUDIT, "Table of staff's actions"),
            table(keys.DELIVERIES, "Table of emails that are not about one signature: no personal data", **_EXPIRES),
            table(keys.LIMITS, "Table of limits for email, under hashes of addresses", **_EXPIRES),
        ]
    )


def table_id(name: str) -> str:
    return f"{logical_id(name)}Table"


def table(
    name: str,
    contents: str,
    own_key: Template | None = None,
    local_index: Mapping[str, str] | None = None,
    **more: Any,
) -> Template:
    """`own_key`: the property that encrypts the table with the charity's own key. `local_index`: the key attributes of
    a local secondary index that holds only keys. `more`: other properties.
    """
    logical = table_id(name)
    encryption: Template = {"SSEEnabled": True, "SSEType": "KMS"}
    if own_key:
        encryption |= own_key
    properties = {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": each, "AttributeType": "S"} for each in {**KEYS, **(local_index or {})}
        ],
        "KeySchema": _key_schema(KEYS),
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "SSESpecification": encryption,
        "DeletionProtectionEnabled": if_condition("Protected", True, False),
        **more,
    }
    if local_index:
        index = {"IndexName": "KeepsBucketsWhole", "KeySchema": _key_schema(local_index)}
        properties["LocalSecondaryIndexes"] = [{**index, "Projection": {"ProjectionType": "KEYS_ONLY"}}]
    return {
        "Resources": {logical: resource("DynamoDB::Table", properties, **retention())},
        "Outputs": {f"{logical}Name": output(ref(logical), contents)},
        "Globals": {"Function": {"Environment": {"Variables": {table_variable(name): ref(logical)}}}},
    }


def _key_schema(key_kinds: Mapping[str, str]) -> list[Template]:
    return [{"AttributeName": name, "KeyType": kind} for name, kind in key_kinds.items()]
