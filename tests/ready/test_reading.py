"""Values are read from all pages of AWS's answer, and from all certificates."""

import boto3
from botocore.stub import Stubber

from stack.ready.account import account_calls
from stack.ready.reading import read_values
from tests.ready.accounts import NOW, OUTPUTS, PARAMETERS, STACK


def test_petitions_on_the_second_page_of_a_query_are_read() -> None:
    [call] = [call for call in account_calls(STACK, OUTPUTS, PARAMETERS, NOW) if call.operation == "query"]
    first = {"sk": {"S": "clean-air"}, "shards": {"N": "10"}, "state": {"S": "open"}}
    second = {**first, "sk": {"S": "safe-children"}}
    last_key = {"pk": {"S": "PETITIONS"}, "sk": {"S": "clean-air"}}
    client = boto3.session.Session("x", "x", region_name="eu-west-2").client("dynamodb")
    with Stubber(client) as stub:
        stub.add_response("query", {"Items": [first], "LastEvaluatedKey": last_key}, dict(call.params))
        stub.add_response("query", {"Items": [second]}, {**call.params, "ExclusiveStartKey": last_key})
        [value] = read_values([call], lambda *_: client)
    assert value.value == {"clean-air": 10, "safe-children": 10}


def test_certificates_with_every_type_of_key_are_listed() -> None:
    """Without the list, ACM leaves out the certificates with larger RSA keys and with elliptic curves."""
    acm = boto3.client("acm", "eu-west-2", aws_access_key_id="x", aws_secret_access_key="x")
    request = acm.meta.service_model.operation_model("ListCertificates").input_shape
    every_type = request.members["Includes"].members["keyTypes"].member.enum
    outputs = {**OUTPUTS, "EdgeArn": "arn:aws:cloudfront::111122223333:distribution/E1"}
    calls = account_calls(STACK, outputs, PARAMETERS, NOW)
    listed = [call.params["Includes"]["keyTypes"] for call in calls if call.operation == "list_certificates"]
    assert [sorted(types) for types in listed] == [sorted(every_type)] * 2
