"""Values are read from all pages of AWS's answer, and from all certificates."""

import boto3
from botocore.stub import Stubber

from stack.ready.account import KEY_TYPES, read_values, reads
from tests.ready.accounts import NEW, STACK, answers, stub_clients


def test_petitions_on_the_second_page_of_a_query_are_read() -> None:
    first = {"sk": {"S": "clean-air"}, "shards": {"N": "10"}, "state": {"S": "open"}}
    second = {**first, "sk": {"S": "safe-children"}}
    last_key = {"pk": {"S": "PETITIONS"}, "sk": {"S": "clean-air"}}
    others = stub_clients(reads(STACK), answers(NEW), set())
    client = boto3.session.Session("x", "x", region_name="eu-west-2").client("dynamodb")
    with Stubber(client) as stub:
        stub.add_client_error("describe_limits")
        stub.add_client_error("describe_table")
        stub.add_response("query", {"Items": [first], "LastEvaluatedKey": last_key})
        stub.add_response("query", {"Items": [second]})
        values = read_values(
            STACK, lambda service, region: client if service == "dynamodb" else others(service, region)
        )
    assert values.found["petitions.shards"] == [["clean-air", 10], ["safe-children", 10]]


def test_certificates_with_every_type_of_key_are_listed() -> None:
    """Without the list, ACM leaves out the certificates with larger RSA keys and with elliptic curves."""
    acm = boto3.client("acm", "eu-west-2", aws_access_key_id="x", aws_secret_access_key="x")
    request = acm.meta.service_model.operation_model("ListCertificates").input_shape
    assert {*KEY_TYPES} == {*request.members["Includes"].members["keyTypes"].member.enum}
