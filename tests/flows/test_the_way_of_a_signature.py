"""Sign, email, confirm, count, withdraw: every handler on the emulator's tables, stream, queues and SES."""

import boto3

from chalicelib.aws.expressions import from_wire
from chalicelib.core import times
from chalicelib.petitions.model import Petition
from chalicelib.projections.breakdowns import pending_count
from chalicelib.tallies.count import Days, breakdown
from chalicelib.tallies.model import TallyDimension
from tests.flows.handlers import EmulatedSite, link_in, token_in
from tests.flows.test_funnel import press_button


def sign_and_receive(site: EmulatedSite, **fields: object) -> dict[str, object]:
    """Sign, and return the only email that is sent."""
    assert site.sign(**fields).status_code == 202
    [mail] = site.deliver()
    return mail


def sign_and_confirm(site: EmulatedSite, **fields: object) -> dict[str, object]:
    mail = sign_and_receive(site, **fields)
    press_button(site, mail, "confirm")
    return mail


def test_a_signature_counts_when_its_person_confirms(site: EmulatedSite) -> None:
    mail = sign_and_receive(site)
    assert site.count() == 0
    path = link_in(mail, "confirm")
    shown = site.get(path)
    assert shown.status_code == 200
    assert b"Alice" in shown.body
    assert site.count() == 0, "opening the link must change nothing"
    for _ in range(3):
        assert site.post_form("/confirm", {"token": token_in(path)}).status_code == 200
    assert site.count() == 1


def test_redelivered_records_and_messages_send_one_email(site: EmulatedSite, petition: Petition) -> None:
    site.sign()
    records = site.new_records()
    for _ in range(3):
        site.relay(records)
        site.project(records)
    messages = site.receive_mail_messages()
    assert len(messages) == 3
    for _ in range(2):
        site.send(messages)
    assert len(site.new_mails()) == 1
    assert pending_count(petition.slug, site.aws.tables) == 1


def test_withdrawing_removes_personal_data_and_subtracts_one(site: EmulatedSite, petition: Petition) -> None:
    mail = sign_and_confirm(site, postcode="SW1A 1AA")
    path = link_in(mail, "withdraw")
    assert site.get(path).status_code == 200
    assert site.count() == 1, "opening the link must change nothing"
    for _ in range(2):
        assert site.post_form("/withdraw", {"token": token_in(path)}).status_code == 200
    assert site.count() == 0
    [item] = signatures(site)
    assert not {"name", "email", "postcode", "country", "source"} & set(item)
    by_day = breakdown(petition, TallyDimension.DAY, Days(), times.now(), site.aws.tables)
    assert (by_day.confirmed, dict(by_day.values)) == (0, {})


def test_a_person_who_withdrew_may_sign_again(site: EmulatedSite) -> None:
    mail = sign_and_confirm(site)
    site.post_form("/withdraw", {"token": token_in(link_in(mail, "withdraw"))})
    let_a_minute_pass(site)
    sign_and_confirm(site, name="Alice Again", source="second-time")
    assert site.count() == 1
    [item] = signatures(site)
    assert (item["name"], item["source"]) == ("Alice Again", "second-time")


def signatures(site: EmulatedSite) -> list[dict[str, object]]:
    name = site.aws.tables._names["signatures"]
    items = boto3.client("dynamodb").scan(TableName=name)["Items"]
    return [from_wire(item) for item in items]


def let_a_minute_pass(site: EmulatedSite) -> None:
    """Set the times of every signature's last email and of every address's next email to earlier this year."""
    client = boto3.client("dynamodb")
    for table, attribute in (("signatures", "mailed_at"), ("limits", "next_at")):
        name = site.aws.tables._names[table]
        for item in client.scan(TableName=name)["Items"]:
            client.update_item(
                TableName=name,
                Key={"pk": item["pk"], "sk": item["sk"]},
                UpdateExpression="SET #at = :then",
                ExpressionAttributeNames={"#at": attribute},
                ExpressionAttributeValues={":then": {"S": "2026-01-01T00:00:00Z"}},
            )
