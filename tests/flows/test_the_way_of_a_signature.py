"""Sign, email, confirm, count, withdraw: every handler on the emulator's tables, stream, queues and SES."""

import json
from collections.abc import Mapping

import boto3
import pytest

from chalicelib.aws.expressions import from_wire
from chalicelib.core import times
from chalicelib.delivery import worker
from chalicelib.petitions.model import Petition
from chalicelib.projections.breakdowns import pending_count
from chalicelib.tallies.count import Days, breakdown
from chalicelib.tallies.model import TallyDimension
from tests.flows.handlers import CONTEXT, EmulatedSite, link_in, text_of, token_in
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


def test_a_double_click_is_one_signature_and_one_email(site: EmulatedSite) -> None:
    for _ in range(2):
        answer = site.sign()
        assert (answer.status_code, answer.json_body) == (202, {"status": "check-your-inbox"})
    assert len(site.deliver()) == 1


def test_an_address_with_other_dots_tags_and_case_is_the_same_person(site: EmulatedSite) -> None:
    for address in ("al.ice+news@gmail.com", "ALICE@googlemail.com", "alice@gmail.com"):
        assert site.sign(email=address).status_code == 202
    [mail] = site.deliver()
    assert "al.ice+news@gmail.com" in str(mail), "the email goes to the address as typed"


def test_signing_again_is_disclosed_by_email_only(site: EmulatedSite, petition: Petition) -> None:
    sign_and_confirm(site)
    let_a_minute_pass(site)
    answer = site.sign()
    assert answer.json_body == {"status": "check-your-inbox"}
    [mail] = site.deliver()
    assert "already signed" in text_of(mail)
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


def test_the_pending_count_is_exact_after_every_change(site: EmulatedSite, petition: Petition) -> None:
    for number in range(5):
        site.sign(email=f"alice{number}@example.org")
    mails = site.deliver()
    assert pending_count(petition.slug, site.aws.tables) == 5
    site.post_form("/confirm", {"token": token_in(link_in(mails[0], "confirm"))})
    site.post_form("/withdraw", {"token": token_in(link_in(mails[1], "withdraw"))})
    site.deliver()
    assert pending_count(petition.slug, site.aws.tables) == 3


def test_a_person_can_correct_their_details_when_they_confirm(site: EmulatedSite) -> None:
    mail = sign_and_receive(site, name="Not Alice", consent={"sign": True, "updates": True}, postcode="M1 1AA")
    fields = {"token": token_in(link_in(mail, "confirm")), "name": "Alice", "postcode": "", "updates": "no"}
    assert site.post_form("/confirm", fields).status_code == 200
    [item] = signatures(site)
    assert (item["name"], item["updates"]) == ("Alice", False)
    assert "postcode" not in item


def test_after_confirmation_a_link_shows_no_personal_data(site: EmulatedSite) -> None:
    mail = sign_and_confirm(site, name="Alice Secret", postcode="SW1A 1AA")
    for page in (site.get(link_in(mail, "confirm")), site.get(link_in(mail, "withdraw"))):
        assert page.status_code == 200
        for personal in (b"Alice Secret", b"alice@example.org", b"SW1A"):
            assert personal not in page.body


def test_one_click_unsubscribing_needs_no_page(site: EmulatedSite) -> None:
    mail = sign_and_confirm(site, consent={"sign": True, "updates": True})
    answer = site.post_form(link_in(mail, "unsubscribe"), {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    [item] = signatures(site)
    assert (item["state"], item["updates"]) == ("confirmed", False)


def test_a_permanent_bounce_stops_all_email(site: EmulatedSite) -> None:
    sign_and_confirm(site)
    [item] = signatures(site)
    event = {
        "eventType": "Bounce",
        "bounce": {"bounceType": "Permanent"},
        "mail": {"tags": {"kind": ["confirm"], "key": [f"{site.slug}_{item['sk']}"]}},
    }
    deliver_feedback(event)
    let_a_minute_pass(site)
    assert site.sign().status_code == 202, "a blocked address must get the same answer"
    assert site.deliver() == []


@pytest.mark.parametrize("by", list(TallyDimension))
def test_every_breakdown_sums_to_the_total(site: EmulatedSite, by: TallyDimension) -> None:
    people = [{"country": "GB", "source": "bbc-news"}, {"country": "FR", "source": "bbc-news"}, {"country": "IE"}]
    for number, fields in enumerate(people):
        sign_and_confirm(site, email=f"a{number}@example.org", **fields)
    answer = site.counts(f"?by={by}")
    total = sum(row["confirmed"] for row in answer["breakdown"])
    assert answer["confirmed"] == total == 3


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


def deliver_feedback(event: Mapping[str, object]) -> None:
    message = {"messageId": "1", "receiptHandle": "x", "body": json.dumps(event)}
    assert worker.receive_feedback({"Records": [message]}, CONTEXT) == {"batchItemFailures": []}
