"""The funnel and the projected breakdowns, from the emulator's stream."""

from collections.abc import Mapping
from typing import Any

import boto3

from chalicelib.core import keys
from tests.flows.handlers import EmulatedSite, link_in, token_in
from tests.flows.ledger import checked_totals


def funnel_totals(site: EmulatedSite) -> Mapping[str, int]:
    """Return the funnel's totals that are not zero."""
    headers = {"Authorization": f"Bearer {site.staff_token}"}
    body = site.get(f"/api/staff/petitions/{site.slug}/funnel?by=hour", headers).json_body
    return checked_totals(body)


def press_button(site: EmulatedSite, mail: dict[str, Any], purpose: str, **fields: str) -> None:
    """Press the button on the page of an email's link. `fields`: what the person types on this page."""
    token = token_in(link_in(mail, purpose))
    answer = site.post_form(f"/{purpose}", {"token": token, **fields})
    assert answer.status_code == 200, answer.body


def test_redelivered_stream_records_count_every_stage_once(site: EmulatedSite) -> None:
    for email, postcode in (("alice@example.org", "SW1A 1AA"), ("bob@example.org", "BT1 1AA"), ("c@example.org", "")):
        assert site.sign(email=email, postcode=postcode).status_code == 202
    records = site.new_records()
    site.relay(records)
    site.send(site.receive_mail_messages())
    alice, bob, _ = sorted(site.new_mails(), key=lambda mail: str(mail["To"]))
    press_button(site, alice, "confirm")
    press_button(site, bob, "confirm")
    assert site.breakdown("postcode-area") == {"not yet assigned": 2}
    _expire(site, "c@example.org")
    records += site.new_records()
    for _ in range(2):
        site.project(records)
    assert funnel_totals(site) == {"received": 3, "mailed": 3, "confirmed": 2, "expired": 1}
    assert site.breakdown("postcode-area") == {"SW": 1, "BT": 1}
    press_button(site, bob, "withdraw")
    site.project(site.new_records())
    assert funnel_totals(site)["withdrawn"] == 1
    assert site.breakdown("postcode-area") == {"SW": 1}


def _expire(site: EmulatedSite, email: str) -> None:
    """Delete an expired item as TTL does, which takes days on AWS."""
    client, table = boto3.client("dynamodb"), site.aws.tables._names[keys.SIGNATURES]
    for item in client.scan(TableName=table)["Items"]:
        if item.get("email") == {"S": email}:
            key = {"pk": item["pk"], "sk": item["sk"]}
            values = {":then": {"N": "1"}}
            client.update_item(
                TableName=table, Key=key, UpdateExpression="SET expires_at = :then", ExpressionAttributeValues=values
            )
            client.delete_item(TableName=table, Key=key)
